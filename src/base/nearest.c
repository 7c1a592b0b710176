/* nearest: see nearest.h. */
#include "base/nearest.h"

#include <stddef.h>
#include <string.h>

/* Longer words are nobody's typing mistake. */
enum { LONGEST_NAME = 64 };

static unsigned smallest(unsigned a, unsigned b, unsigned c)
{
    unsigned least = a < b ? a : b;
    return least < c ? least : c;
}

/* Insertions, deletions, replacements, and two neighbours swapped, which is the commonest slip of
 * all: three rows of the table at a time. */
static unsigned edits(const char *a, size_t a_size, const char *b, size_t b_size)
{
    unsigned rows[3][LONGEST_NAME + 1];
    for (size_t j = 0; j <= b_size; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a_size; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *higher = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_size; j++) {
            unsigned replaced = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = smallest(above[j] + 1, row[j - 1] + 1, replaced);
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && higher[j - 2] + 1 < row[j])
                row[j] = higher[j - 2] + 1;
        }
    }
    return rows[a_size % 3][b_size];
}

unsigned hob_near_enough(const char *name)
{
    size_t third = (strlen(name) + 1) / 3;
    return (unsigned)(third < 2 ? third : 2) + 1;
}

bool hob_nearer(const char *name, const char *candidate, unsigned *distance)
{
    size_t size = strlen(name), candidate_size = strlen(candidate);
    if (size > LONGEST_NAME || candidate_size > LONGEST_NAME)
        return false;
    unsigned found = edits(name, size, candidate, candidate_size);
    /* A name of which nothing is left was not meant. */
    if (found >= *distance || found >= size || found >= candidate_size)
        return false;
    *distance = found;
    return true;
}
