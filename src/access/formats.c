/* formats: the table of everything that can be read or written. */
#include "access/formats.h"

static const struct hob_format formats[] = {
    {"arrow", "arrows", "a stream of columns (Arrow IPC) for pandas, polars and others", NULL,
     hob_arrow_write_flow},
    {"auto", "", "by the ending of the file name", hob_auto_read_flow, NULL},
    {"bibtex", "bib", "a row an entry, sorted by author, year and title; all text",
     hob_bibtex_read_flow, hob_bibtex_write_flow},
    {"bibtex_directory", "", "the entries of every .bib file of `source`",
     hob_bibtex_directory_read_flow, NULL},
    {"csv", "csv tsv", "comma-separated text: delimiter, quotechar, header, dtypes",
     hob_csv_read_flow, hob_csv_write_flow, "delimiter quotechar",
     "delimiter quotechar header dtypes"},
    {"directory", "", "a record for every file of `source`, by its ending", hob_directory_read_flow,
     hob_directory_write_flow, "store_fields"},
    {"docx", "docx", "a Word document as markdown, through pandoc", hob_docx_read_flow, NULL},
    {"docx_directory", "", "the text of every .docx file of `source`", hob_docx_directory_read_flow,
     NULL},
    {"excel", "xlsx xlsm", "one sheet of a workbook: sheet, header, dtypes", hob_excel_read_flow,
     hob_excel_write_flow, "sheet", "sheet header dtypes"},
    {"fake", "", "made-up data: nrows, cols, seed", hob_fake_read_flow, NULL},
    {"gsheet", "", "a Google sheet: refused, a pool of workers can serve it", hob_gsheet_read_flow,
     hob_gsheet_write_flow},
    {"hstack", "", "`specifications` side by side: on, how, lsuffix, rsuffix, index",
     hob_hstack_read_flow, NULL},
    {"json", "json", "a list of records, or a mapping of columns", hob_json_read_flow,
     hob_json_write_flow},
    {"json_directory", "", "a record for every .json file of `source`: directory, glob, regexp",
     hob_json_directory_read_flow, hob_json_directory_write_flow, "store_fields"},
    {"list", "", "a record for every file that `filename` lists, by its ending", hob_list_read_flow,
     NULL},
    {"local", "", "the data stands in the interface itself, under `data`", hob_local_read_flow,
     NULL},
    {"markdown", "md markdown mmd", "one record: the front matter's fields and the content",
     hob_markdown_read_flow, hob_markdown_write_flow},
    {"markdown_directory", "", "a record for every .md file of `source`: directory, glob, regexp",
     hob_markdown_directory_read_flow, hob_markdown_directory_write_flow, "store_fields"},
    {"meta_directory", "", "what NAME.yml says of every file NAME of `source`",
     hob_meta_directory_read_flow, hob_meta_directory_write_flow, "store_fields"},
    {"ndjson", "ndjson jsonl", "a JSON record a line", hob_ndjson_read_flow, hob_ndjson_write_flow},
    {"series", "", "`specifications` with a list for each value of `index`", hob_series_read_flow,
     NULL},
    {"stack", "", "`specifications` of one row each, later values win", hob_stack_read_flow, NULL},
    {"vstack", "", "`specifications` one below the other: reset_index", hob_vstack_read_flow, NULL},
    {"yaml", "yml yaml", "a list of records, a mapping of columns, or one record",
     hob_yaml_read_flow, hob_yaml_write_flow},
    {"yaml_directory", "", "a record for every .yml file of `source`: directory, glob, regexp",
     hob_yaml_directory_read_flow, hob_yaml_directory_write_flow, "store_fields"},
};

const struct hob_format *hob_formats(size_t *count)
{
    *count = sizeof formats / sizeof formats[0];
    return formats;
}

const struct hob_format *hob_format_find(struct hob_text type)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (hob_text_is(type, formats[i].type))
            return &formats[i];
    return NULL;
}

const struct hob_format *hob_format_of_file(const char *filename)
{
    const char *slash = strrchr(filename, '/');
    const char *dot = strrchr(slash != NULL ? slash : filename, '.');
    if (dot == NULL || dot[1] == '\0')
        return NULL;
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (hob_text_has_word(formats[i].extensions, dot + 1))
            return &formats[i];
    return NULL;
}

int hob_format_unreadable(const char *filename, const char *remedy, struct hob_error *error)
{
    const struct hob_format *format = hob_format_of_file(filename);
    if (format != NULL && format->read == NULL) {
        hob_error_set(error, HOB_E_VALUE,
                      "cannot read '%s': %s is a format that can only be written", filename,
                      format->type);
        hob_error_hint(error, "read what it was made from, or convert it with a program that knows "
                              "it");
        return HOB_E_VALUE;
    }
    hob_error_set(error, HOB_E_VALUE,
                  "cannot read '%s': the ending of its name does not say what it holds", filename);
    hob_error_hint(error, "%s", remedy);
    return HOB_E_VALUE;
}
