/* pacing: see pacing.h. */
#include "pool/pacing.h"

#include <stddef.h>

void hob_pacing_init(struct hob_pacing *pacing, const struct hob_pacing_options *options)
{
    *pacing = (struct hob_pacing){.options = *options};
    if (pacing->options.failures > HOB_PACING_REMEMBERED)
        pacing->options.failures = HOB_PACING_REMEMBERED;
}

static uint64_t wait_of(const struct hob_pacing *pacing, double chance)
{
    const struct hob_pacing_options *options = &pacing->options;
    double wait = (double)options->first;
    for (unsigned i = 1; i < pacing->in_a_row && wait < (double)options->most; i++)
        wait *= options->factor;
    if (pacing->open || wait > (double)options->most)
        wait = (double)options->most;
    return (uint64_t)(wait * (1 + options->jitter * (2 * chance - 1)));
}

/* The failure that is `failures` back, itself counted, is not older than `within`. */
static bool too_many(const struct hob_pacing *pacing, uint64_t now)
{
    unsigned failures = pacing->options.failures;
    if (failures == 0 || pacing->count < failures)
        return false;
    uint64_t time = pacing->times[(pacing->count - failures) % HOB_PACING_REMEMBERED];
    return now - time <= pacing->options.within;
}

void hob_pacing_failed(struct hob_pacing *pacing, uint64_t now, double chance)
{
    pacing->times[pacing->count++ % HOB_PACING_REMEMBERED] = now;
    pacing->in_a_row++;
    pacing->open = pacing->open || too_many(pacing, now);
    pacing->probing = false;
    pacing->not_before = now + wait_of(pacing, chance);
}

void hob_pacing_succeeded(struct hob_pacing *pacing)
{
    pacing->in_a_row = pacing->count = 0;
    pacing->not_before = 0;
    pacing->open = pacing->probing = false;
}

bool hob_pacing_allows(const struct hob_pacing *pacing, uint64_t now, unsigned starting)
{
    if (now < pacing->not_before)
        return false;
    /* While it is not known whether workers can live, one at a time finds out. */
    return pacing->in_a_row == 0 || starting == 0;
}

void hob_pacing_started(struct hob_pacing *pacing)
{
    pacing->probing = pacing->open;
}

bool hob_pacing_is_open(const struct hob_pacing *pacing, uint64_t now)
{
    return pacing->open && (now < pacing->not_before);
}
