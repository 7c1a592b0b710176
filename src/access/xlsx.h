/* xlsx: one sheet of an Excel workbook as cells. This is the file's side of type excel;
 * what pandas makes of the cells is in excel_read.c. */
#ifndef HOB_ACCESS_XLSX_H
#define HOB_ACCESS_XLSX_H

#include "base/error.h"
#include "frame/column.h"

enum { HOB_XLSX_MAX_ROWS = 1048576, HOB_XLSX_MAX_COLUMNS = 16384, HOB_XLSX_MAX_TEXT = 32767 };

enum hob_xlsx_kind {
    HOB_XLSX_INT,
    HOB_XLSX_DOUBLE, /* finite */
    HOB_XLSX_BOOL,
    HOB_XLSX_TEXT,   /* not empty */
    HOB_XLSX_MOMENT, /* a date, with or without a time */
    HOB_XLSX_ERROR,  /* #DIV/0!... */
};

/* A cell that holds something; rows and columns count from 0. */
struct hob_xlsx_cell {
    uint32_t row;
    uint16_t column;
    uint8_t kind; /* enum hob_xlsx_kind */
    union {
        int64_t integer; /* INT, BOOL, MOMENT: microseconds since 1970 */
        double number;   /* DOUBLE */
        size_t text;     /* TEXT: its place in `texts` */
    };
};

struct hob_xlsx_sheet {
    struct hob_xlsx_cell *cells; /* in the order of the file; of repeated ones the last counts */
    size_t count, capacity;
    struct hob_column texts; /* STRING */
    size_t rows, columns;    /* up to the last cell that holds something */
};

/* Reads the sheet that `which` names: a text, or a number counting from 0; null for "Sheet1".
 * HOB_E_VALUE for what is no workbook, or has no such sheet (the message lists those it has);
 * HOB_E_PARAMETER for another kind of name; HOB_E_LIMIT. */
int hob_xlsx_read(struct hob_xlsx_sheet *sheet, struct hob_text file, const struct hob_value *which,
                  struct hob_error *error);
void hob_xlsx_sheet_deinit(struct hob_xlsx_sheet *sheet);
static inline void hob_auto_xlsx_sheet(struct hob_xlsx_sheet *sheet)
{
    hob_xlsx_sheet_deinit(sheet);
}

#endif
