/* xlsx_book: finding the parts of a workbook.
 *
 * A workbook is an archive of XML parts that refer to each other by relations: the root names the
 * workbook part, which lists its sheets by the ids of relations, which name the parts of the
 * sheets. Names of elements are compared without their namespaces, for there are two sets of them
 * (transitional and strict). */
#include "access/xlsx_internal.h"

struct relation {
    struct hob_text id, type, target;
};

struct sheet_name {
    struct hob_text name, relation;
};

struct parts {
    struct hob_xlsx_book *book;
    const char *folder; /* of the part whose relations are read; ends in '/' or is "" */
    struct relation *relations;
    size_t relation_count, relation_capacity;
    struct sheet_name *sheets;
    size_t sheet_count, sheet_capacity;
};

static int feed(void *user, struct hob_text piece, struct hob_error *error)
{
    return hob_xml_put(user, piece, false, error);
}

int hob_xlsx_parse(struct hob_xlsx_book *book, struct hob_text member,
                   const struct hob_xml_events *events, void *user, struct hob_error *error)
{
    HOB_AUTO(xml) struct hob_xml *xml = hob_xml_new(events, user);
    if (xml == NULL)
        return hob_error_set(error, HOB_E_MEMORY, "not enough memory");
    int result = hob_zip_extract(book->zip, member, feed, xml, error);
    if (result < 0)
        return result;
    result = hob_xml_put(xml, HOB_TEXT(""), true, error);
    return result < 0 ? hob_error_context(error, "'%.*s'", HOB_TEXT_ARG(member)) : 0;
}

static int ignore_end(void *user, const char *name, struct hob_error *error)
{
    (void)user, (void)name, (void)error;
    return 0;
}

static int ignore_text(void *user, struct hob_text text, struct hob_error *error)
{
    (void)user, (void)text, (void)error;
    return 0;
}

static struct hob_text keep(struct parts *parts, const char *string)
{
    return hob_arena_copy(parts->book->arena, hob_text_from(string != NULL ? string : ""));
}

/* Appends the segments of a path to `name`, which is "" or ends in '/', and so does the result. */
static void walk(struct hob_buffer *name, const char *path)
{
    while (*path != '\0') {
        size_t size = strcspn(path, "/");
        bool up = size == 2 && path[0] == '.' && path[1] == '.';
        bool stay = size == 0 || (size == 1 && path[0] == '.');
        if (up && name->size > 0)
            name->size--;
        while (up && name->size > 0 && name->data[name->size - 1] != '/')
            name->size--;
        if (!up && !stay) {
            hob_buffer_put(name, path, size);
            hob_buffer_put_char(name, '/');
        }
        path += size;
        path += strspn(path, "/");
    }
}

/* The name of a member from a target that is absolute or relative to the folder. */
static int resolve(struct hob_text *member, struct parts *parts, const char *target,
                   struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer name = HOB_BUFFER_INIT;
    if (target[0] != '/')
        walk(&name, parts->folder);
    walk(&name, target);
    if (hob_buffer_failed(&name))
        return hob_error_set(error, HOB_E_MEMORY, "not enough memory");
    struct hob_text text = hob_buffer_text(&name);
    if (text.size > 0)
        text.size--;
    *member = hob_arena_copy(parts->book->arena, text);
    return 0;
}

/* Sheets are looked up one by one among the relations; nobody's workbook has more. */
enum { MAX_SHEETS = 4096 };

static int too_many(struct hob_error *error)
{
    return hob_error_set(error, HOB_E_LIMIT, "the workbook has more than %d sheets or relations",
                         MAX_SHEETS);
}

static int on_relation(void *user, const char *name, const char *const *attributes,
                       struct hob_error *error)
{
    struct parts *parts = user;
    const char *target = hob_xml_attribute(attributes, "Target");
    if (strcmp(name, "Relationship") != 0 || target == NULL)
        return 0;
    if (parts->relation_count >= MAX_SHEETS)
        return too_many(error);
    if (!HOB_TRY_GROW(parts->relations, parts->relation_capacity, parts->relation_count + 1))
        return hob_error_set(error, HOB_E_MEMORY, "not enough memory");
    struct relation *relation = &parts->relations[parts->relation_count];
    int result = resolve(&relation->target, parts, target, error);
    if (result < 0)
        return result;
    relation->id = keep(parts, hob_xml_attribute(attributes, "Id"));
    relation->type = keep(parts, hob_xml_attribute(attributes, "Type"));
    parts->relation_count++;
    return 0;
}

static const struct hob_xml_events relation_events = {on_relation, ignore_end, ignore_text};

static int read_relations(struct parts *parts, struct hob_text member, const char *folder,
                          struct hob_error *error)
{
    parts->relation_count = 0;
    parts->folder = folder;
    return hob_xlsx_parse(parts->book, member, &relation_events, parts, error);
}

static struct hob_text target_of_type(const struct parts *parts, const char *ending)
{
    for (size_t i = 0; i < parts->relation_count; i++)
        if (hob_text_ends_with(parts->relations[i].type, ending))
            return parts->relations[i].target;
    return HOB_TEXT("");
}

static const struct relation *relation_of(const struct parts *parts, struct hob_text id)
{
    for (size_t i = 0; i < parts->relation_count; i++)
        if (hob_text_equal(parts->relations[i].id, id))
            return &parts->relations[i];
    return NULL;
}

static bool is_true(const char *value)
{
    return value != NULL && (strcmp(value, "1") == 0 || strcmp(value, "true") == 0);
}

static int on_workbook(void *user, const char *name, const char *const *attributes,
                       struct hob_error *error)
{
    struct parts *parts = user;
    if (strcmp(name, "workbookPr") == 0)
        parts->book->from_1904 = is_true(hob_xml_attribute(attributes, "date1904"));
    if (strcmp(name, "sheet") != 0)
        return 0;
    if (parts->sheet_count >= MAX_SHEETS)
        return too_many(error);
    if (!HOB_TRY_GROW(parts->sheets, parts->sheet_capacity, parts->sheet_count + 1))
        return hob_error_set(error, HOB_E_MEMORY, "not enough memory");
    parts->sheets[parts->sheet_count++] = (struct sheet_name){
        .name = keep(parts, hob_xml_attribute(attributes, "name")),
        .relation = keep(parts, hob_xml_attribute(attributes, "id")),
    };
    return 0;
}

static const struct hob_xml_events workbook_events = {on_workbook, ignore_end, ignore_text};

/* The workbook part, as the relations of the root name it. */
static int find_workbook(struct parts *parts, struct hob_text *workbook, struct hob_error *error)
{
    struct hob_text root = HOB_TEXT("_rels/.rels");
    *workbook = HOB_TEXT("xl/workbook.xml");
    if (hob_zip_has(parts->book->zip, root)) {
        int result = read_relations(parts, root, "", error);
        if (result < 0)
            return result;
        struct hob_text named = target_of_type(parts, "/officeDocument");
        if (named.size > 0)
            *workbook = named;
    }
    if (hob_zip_has(parts->book->zip, *workbook) && !hob_text_ends_with(*workbook, ".bin"))
        return 0;
    hob_error_set(error, HOB_E_VALUE, "it is an archive, but not of an Excel workbook (.xlsx)");
    hob_error_hint(error, "save it as .xlsx");
    return HOB_E_VALUE;
}

/* Only worksheets count: a chart has a sheet, too. */
static void drop_other_sheets(struct parts *parts)
{
    size_t kept = 0;
    for (size_t i = 0; i < parts->sheet_count; i++) {
        const struct relation *relation = relation_of(parts, parts->sheets[i].relation);
        if (relation != NULL && hob_text_ends_with(relation->type, "/worksheet"))
            parts->sheets[kept++] = parts->sheets[i];
    }
    parts->sheet_count = kept;
}

static void hint_sheets(const struct parts *parts, struct hob_error *error)
{
    HOB_AUTO(buffer) struct hob_buffer names = HOB_BUFFER_INIT;
    if (parts->sheet_count == 0) {
        hob_error_hint(error, "the workbook has no sheet of cells");
        return;
    }
    for (size_t i = 0; i < parts->sheet_count && i < 20; i++)
        hob_buffer_printf(&names, "%s'%.*s'", i > 0 ? ", " : "",
                          HOB_TEXT_ARG(parts->sheets[i].name));
    hob_error_hint(error, "the workbook has %zu sheet%s: %s; name one with `sheet`",
                   parts->sheet_count, parts->sheet_count == 1 ? "" : "s",
                   hob_buffer_string(&names));
}

static int choose_by_number(const struct parts *parts, int64_t number, size_t *chosen,
                            struct hob_error *error)
{
    int64_t count = (int64_t)parts->sheet_count;
    if (number >= -count && number < count) {
        *chosen = (size_t)(number < 0 ? number + count : number); /* -1 is the last, as in Python */
        return 0;
    }
    hob_error_set(error, HOB_E_VALUE, "Worksheet index %lld is invalid, %zu worksheets found",
                  (long long)number, parts->sheet_count);
    hint_sheets(parts, error);
    return HOB_E_VALUE;
}

static int choose_by_name(const struct parts *parts, struct hob_text name, size_t *chosen,
                          struct hob_error *error)
{
    for (*chosen = 0; *chosen < parts->sheet_count; ++*chosen)
        if (hob_text_equal(parts->sheets[*chosen].name, name))
            return 0;
    hob_error_set(error, HOB_E_VALUE, "Worksheet named '%.*s' not found", HOB_TEXT_ARG(name));
    hint_sheets(parts, error);
    return HOB_E_VALUE;
}

static int choose_sheet(const struct parts *parts, const struct hob_value *which, size_t *chosen,
                        struct hob_error *error)
{
    if (hob_value_is_null(which))
        return choose_by_name(parts, HOB_TEXT("Sheet1"), chosen, error);
    if (which->kind == HOB_INT)
        return choose_by_number(parts, which->integer, chosen, error);
    if (which->kind == HOB_STRING)
        return choose_by_name(parts, which->text, chosen, error);
    return hob_error_set(error, HOB_E_PARAMETER,
                         "`sheet` must be the name or the number of one sheet, not a %s",
                         hob_value_kind_name(which));
}

static int find_in(struct parts *parts, const struct hob_value *which, struct hob_error *error)
{
    struct hob_xlsx_book *book = parts->book;
    struct hob_text workbook;
    int result = find_workbook(parts, &workbook, error);
    if (result == 0)
        result = hob_xlsx_parse(book, workbook, &workbook_events, parts, error);
    if (result < 0)
        return result;
    size_t folder = workbook.size;
    while (folder > 0 && workbook.data[folder - 1] != '/')
        folder--;
    const char *path = hob_arena_printf(book->arena, "%.*s", (int)folder, workbook.data);
    const char *relations = hob_arena_printf(book->arena, "%s_rels/%.*s.rels", path,
                                             (int)(workbook.size - folder), workbook.data + folder);
    result = read_relations(parts, hob_text_from(relations), path, error);
    if (result < 0)
        return result;
    size_t chosen;
    drop_other_sheets(parts);
    result = choose_sheet(parts, which, &chosen, error);
    if (result < 0)
        return result;
    book->sheet = relation_of(parts, parts->sheets[chosen].relation)->target;
    book->strings = target_of_type(parts, "/sharedStrings");
    book->styles = target_of_type(parts, "/styles");
    return 0;
}

int hob_xlsx_find_parts(struct hob_xlsx_book *book, const struct hob_value *which,
                        struct hob_error *error)
{
    struct parts parts = {.book = book};
    int result = find_in(&parts, which, error);
    free(parts.relations);
    free(parts.sheets);
    return result;
}
