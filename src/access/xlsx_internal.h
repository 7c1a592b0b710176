/* xlsx_internal: what the files that read workbooks share. */
#ifndef HOB_ACCESS_XLSX_INTERNAL_H
#define HOB_ACCESS_XLSX_INTERNAL_H

#include "access/xlsx.h"
#include "access/xml.h"
#include "access/zip.h"

enum hob_xlsx_look { HOB_XLSX_PLAIN, HOB_XLSX_DATE, HOB_XLSX_DURATION };

/* What the cells of a sheet refer to. */
struct hob_xlsx_book {
    struct hob_zip *zip;
    struct hob_arena *arena;
    struct hob_text sheet;   /* the member that is read */
    struct hob_text strings; /* "" when there is none */
    struct hob_text styles;
    bool from_1904; /* days are counted from 1904 */
    uint8_t *looks; /* of each cell format, enum hob_xlsx_look */
    size_t look_count, look_capacity;
};

/* Unpacks and parses a member of the workbook. */
int hob_xlsx_parse(struct hob_xlsx_book *book, struct hob_text member,
                   const struct hob_xml_events *events, void *user, struct hob_error *error);

/* xlsx_book.c: finds the parts, and the sheet that is asked for. */
int hob_xlsx_find_parts(struct hob_xlsx_book *book, const struct hob_value *which,
                        struct hob_error *error);

/* xlsx_styles.c: which cell formats show dates. */
int hob_xlsx_read_styles(struct hob_xlsx_book *book, struct hob_error *error);
enum hob_xlsx_look hob_xlsx_look_of_format(const char *code);

/* xlsx_text.c: the shared strings, into the sheet's texts. */
int hob_xlsx_read_strings(struct hob_xlsx_book *book, struct hob_column *texts,
                          struct hob_error *error);

/* A text that is put together from elements: <t>, and <r><t> but not <rPh><t>. */
struct hob_xlsx_text {
    struct hob_buffer buffer;
    unsigned phonetic; /* depth inside <rPh> */
    bool listening;    /* inside <t> */
};

/* Begins and ends an element; `put` appends a piece of its text. HOB_E_LIMIT beyond 1 MiB,
 * HOB_E_MEMORY. The buffer is freed by whoever has it. */
void hob_xlsx_text_start(struct hob_xlsx_text *text, const char *element);
void hob_xlsx_text_end(struct hob_xlsx_text *text, const char *element);
int hob_xlsx_text_put(struct hob_xlsx_text *text, struct hob_text piece, struct hob_error *error);
/* Turns _x000D_ and its like into the characters that they stand for. */
void hob_xlsx_text_unescape(struct hob_buffer *buffer);

/* xlsx_sheet.c: the cells. */
int hob_xlsx_read_cells(struct hob_xlsx_book *book, struct hob_xlsx_sheet *sheet,
                        struct hob_error *error);

#endif
