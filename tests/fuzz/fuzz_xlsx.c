/* Fuzzes workbooks. The first byte says what the rest is: an archive as a whole, or one part of a
 * workbook that is packed here, so that the fuzzer need not invent checksums. What was read must
 * be writable (but for what Excel does not hold), and readable again with as many rows. */
#include <stdio.h>
#include <stdlib.h>

#include "access/excel.h"
#include "access/zip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SPACE "http://x/"

static const struct {
    const char *name, *content;
} parts[] = {
    {"_rels/.rels",
     "<R><Relationship Id='a' Type='x/officeDocument' Target='xl/workbook.xml'/></R>"},
    {"xl/workbook.xml",
     "<w xmlns:r='" SPACE "'><workbookPr/><sheets><sheet name='Sheet1' r:id='s'/>"
     "</sheets></w>"},
    {"xl/_rels/workbook.xml.rels", "<R><Relationship Id='s' Type='x/worksheet' Target='sheet.xml'/>"
                                   "<Relationship Id='t' Type='x/sharedStrings' Target='t.xml'/>"
                                   "<Relationship Id='u' Type='x/styles' Target='u.xml'/></R>"},
    {"xl/t.xml", "<sst><si><t>shared</t></si><si><r><t>ri</t></r><r><t>ch</t></r></si></sst>"},
    {"xl/u.xml", "<s><numFmts><numFmt numFmtId='164' formatCode='yyyy'/></numFmts><cellXfs>"
                 "<xf numFmtId='0'/><xf numFmtId='164'/><xf numFmtId='46'/></cellXfs></s>"},
    {"xl/sheet.xml", "<w><sheetData><row><c t='s'><v>0</v></c><c s='1'><v>45000</v></c></row>"
                     "<row><c t='b'><v>1</v></c><c s='2'><v>1.5</v></c></row></sheetData></w>"},
};

enum { PARTS = sizeof parts / sizeof *parts };

static void pack(struct hob_buffer *out, size_t replaced, struct hob_text content)
{
    HOB_AUTO(zip_writer) struct hob_zip_writer *writer = hob_zip_writer_new(out);
    for (size_t i = 0; i < PARTS; i++) {
        hob_zip_writer_begin(writer, parts[i].name);
        hob_zip_writer_put(writer, i == replaced ? content : hob_text_from(parts[i].content));
        hob_zip_writer_end(writer);
    }
    if (hob_zip_writer_finish(writer, NULL) != 0)
        abort();
}

static void write_and_read_again(const struct hob_frame *frame)
{
    HOB_AUTO(buffer) struct hob_buffer written = HOB_BUFFER_INIT;
    HOB_AUTO(frame) struct hob_frame *again = NULL;
    struct hob_error error = HOB_ERROR_INIT;
    if (hob_excel_write(&written, frame, NULL, &error) != 0)
        return;
    int result = hob_excel_read(&again, hob_buffer_text(&written), &hob_value_empty_map, &error);
    if (result != 0 && result != HOB_E_LIMIT) {
        fprintf(stderr, "%s\n", error.message);
        abort();
    }
    if (result == 0 && hob_frame_rows(again) > hob_frame_rows(frame))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HOB_AUTO(buffer) struct hob_buffer packed = HOB_BUFFER_INIT;
    HOB_AUTO(frame) struct hob_frame *frame = NULL;
    struct hob_error error = HOB_ERROR_INIT;
    if (size == 0)
        return 0;
    struct hob_text rest = {(const char *)data + 1, size - 1};
    if (data[0] % (PARTS + 1) < PARTS) {
        pack(&packed, data[0] % (PARTS + 1), rest);
        rest = hob_buffer_text(&packed);
    }
    if (hob_excel_read(&frame, rest, &hob_value_empty_map, &error) == 0)
        write_and_read_again(frame);
    else if (error.message[0] == '\0')
        abort();
    return 0;
}
