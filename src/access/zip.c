/* zip: see zip.h.
 *
 * The directory at the end of an archive is the truth: sizes in front of the members may be
 * missing. Each number in it is checked against the size of the archive before it is used. What
 * comes out is counted while it comes out, for the sizes that an archive claims may lie. Both ways
 * in one file, because it is the only one that knows zlib. */
#include "access/zip.h"

#include <limits.h>
#include <strings.h>
#include <zlib.h>

#include "base/arena.h"
#include "base/map.h"

enum {
    LOCAL_SIGNATURE = 0x04034b50,
    CENTRAL_SIGNATURE = 0x02014b50,
    END_SIGNATURE = 0x06054b50,
    END64_SIGNATURE = 0x06064b50,
    END64_LOCATOR_SIGNATURE = 0x07064b50,
    LOCAL_SIZE = 30,
    CENTRAL_SIZE = 46,
    END_SIZE = 22,
    END64_SIZE = 56,
    END64_LOCATOR_SIZE = 20,
    STORED = 0,
    DEFLATED = 8,
    PIECE = 1 << 16,
    EXPANSION_LIMIT = 400,
};

static const uint64_t total_limit = (uint64_t)1 << 30;
static const uint64_t small = (uint64_t)16 << 20; /* so much may come out of however little */

struct member {
    uint64_t packed, unpacked, offset; /* sizes, and where the local header is */
    uint32_t checksum;
    uint16_t method, flags;
};

struct hob_zip {
    struct hob_text archive;
    struct hob_arena *arena;
    struct hob_map *members; /* lower-cased name -> struct member */
    uint64_t extracted;      /* bytes that came out so far */
};

/* Little-endian numbers; the caller knows that they are there. */
static uint64_t number_at(const char *data, unsigned size)
{
    uint64_t number = 0;
    for (unsigned i = size; i > 0; i--)
        number = number << 8 | (unsigned char)data[i - 1];
    return number;
}

static uint16_t number16(const char *data)
{
    return (uint16_t)number_at(data, 2);
}

static uint32_t number32(const char *data)
{
    return (uint32_t)number_at(data, 4);
}

static int damaged(struct hob_error *error, const char *what)
{
    hob_error_set(error, HOB_E_VALUE, "the archive is damaged or cut off: %s", what);
    hob_error_hint(error, "copy or save the file again");
    return HOB_E_VALUE;
}

static struct hob_text lower(struct hob_arena *arena, struct hob_text name)
{
    char *copy = hob_arena_alloc(arena, name.size + 1);
    for (size_t i = 0; i < name.size; i++) {
        bool capital = name.data[i] >= 'A' && name.data[i] <= 'Z';
        copy[i] = (char)(name.data[i] | (capital ? 0x20 : 0));
    }
    return (struct hob_text){copy, name.size};
}

/* Reading. */

struct directory {
    uint64_t offset, size, count;
};

/* The 64-bit record, for which a locator stands before the end record. */
static bool find_directory64(struct hob_text archive, size_t end, struct directory *directory)
{
    if (end < END64_LOCATOR_SIZE + END64_SIZE)
        return false;
    const char *locator = archive.data + end - END64_LOCATOR_SIZE;
    if (number32(locator) != END64_LOCATOR_SIGNATURE)
        return false;
    uint64_t offset = number_at(locator + 8, 8);
    if (offset > end - END64_LOCATOR_SIZE - END64_SIZE)
        return false;
    const char *record = archive.data + offset;
    if (number32(record) != END64_SIGNATURE)
        return false;
    directory->count = number_at(record + 32, 8);
    directory->size = number_at(record + 40, 8);
    directory->offset = number_at(record + 48, 8);
    return true;
}

/* The end record stands at the very end, but for a comment. */
static int find_directory(struct hob_text archive, struct directory *directory,
                          struct hob_error *error)
{
    size_t last = archive.size >= END_SIZE ? archive.size - END_SIZE : 0;
    for (size_t back = 0; archive.size >= END_SIZE && back <= UINT16_MAX && back <= last; back++) {
        const char *end = archive.data + last - back;
        if (end[0] != 'P' || number32(end) != END_SIGNATURE)
            continue;
        directory->count = number16(end + 10);
        directory->size = number32(end + 12);
        directory->offset = number32(end + 16);
        bool wide = directory->count == UINT16_MAX || directory->size == UINT32_MAX ||
                    directory->offset == UINT32_MAX;
        if (wide)
            find_directory64(archive, last - back, directory);
        if (directory->offset > last - back || directory->size > last - back - directory->offset)
            return damaged(error, "its directory is not where it should be");
        return 0;
    }
    return damaged(error, "it has no directory");
}

/* Sizes that did not fit stand in an extra field, in this order. */
static void read_extra64(struct member *member, struct hob_text extra)
{
    uint64_t *fields[] = {&member->unpacked, &member->packed, &member->offset};
    while (extra.size >= 4) {
        size_t size = number16(extra.data + 2);
        const char *data = extra.data + 4;
        if (size > extra.size - 4)
            return;
        for (size_t i = 0; number16(extra.data) == 1 && i < 3; i++)
            if (*fields[i] == UINT32_MAX && size >= (size_t)(data - extra.data) - 4 + 8) {
                *fields[i] = number_at(data, 8);
                data += 8;
            }
        extra.data += 4 + size;
        extra.size -= 4 + size;
    }
}

static int read_member(struct hob_zip *zip, struct hob_text *rest, struct hob_error *error)
{
    const char *entry = rest->data;
    if (rest->size < CENTRAL_SIZE || number32(entry) != CENTRAL_SIGNATURE)
        return damaged(error, "its directory ends too early");
    size_t name_size = number16(entry + 28), extra_size = number16(entry + 30);
    size_t size = CENTRAL_SIZE + name_size + extra_size + number16(entry + 32);
    if (size > rest->size)
        return damaged(error, "its directory ends too early");
    struct member *member = hob_arena_alloc(zip->arena, sizeof *member);
    *member = (struct member){
        .flags = number16(entry + 8),
        .method = number16(entry + 10),
        .checksum = number32(entry + 16),
        .packed = number32(entry + 20),
        .unpacked = number32(entry + 24),
        .offset = number32(entry + 42),
    };
    read_extra64(member, (struct hob_text){entry + CENTRAL_SIZE + name_size, extra_size});
    struct hob_text name = {entry + CENTRAL_SIZE, name_size};
    if (!hob_map_put(zip->members, lower(zip->arena, name), member))
        return hob_error_set(error, HOB_E_MEMORY, "not enough memory");
    rest->data += size;
    rest->size -= size;
    return 0;
}

int hob_zip_open(struct hob_zip **zip, struct hob_text archive, struct hob_error *error)
{
    struct directory directory = {0, 0, 0};
    int result = find_directory(archive, &directory, error);
    if (result < 0)
        return result;
    HOB_AUTO(zip) struct hob_zip *made = hob_alloc_zero(1, sizeof *made);
    made->archive = archive;
    made->arena = hob_arena_new();
    made->members = hob_map_new();
    struct hob_text rest = {archive.data + directory.offset, directory.size};
    for (uint64_t i = 0; result == 0 && i < directory.count; i++)
        result = read_member(made, &rest, error);
    if (result == 0)
        *zip = HOB_STEAL(made);
    return result;
}

struct hob_zip *hob_zip_free(struct hob_zip *zip)
{
    if (zip != NULL) {
        hob_map_free(zip->members);
        hob_arena_free(zip->arena);
        free(zip);
    }
    return NULL;
}

static const struct member *find(const struct hob_zip *zip, struct hob_text name)
{
    HOB_AUTO(arena) struct hob_arena *arena = hob_arena_new();
    return hob_map_get(zip->members, lower(arena, name));
}

bool hob_zip_has(const struct hob_zip *zip, struct hob_text name)
{
    return find(zip, name) != NULL;
}

/* The packed bytes of a member. */
static int find_data(const struct hob_zip *zip, const struct member *member, struct hob_text *data,
                     struct hob_error *error)
{
    struct hob_text archive = zip->archive;
    if ((member->flags & 1) != 0)
        return hob_error_set(error, HOB_E_VALUE, "it is encrypted");
    if (member->method != STORED && member->method != DEFLATED)
        return hob_error_set(error, HOB_E_VALUE, "it is packed by method %u, not deflated",
                             member->method);
    if (archive.size < LOCAL_SIZE || member->offset > archive.size - LOCAL_SIZE)
        return damaged(error, "a member begins behind its end");
    const char *local = archive.data + member->offset;
    uint64_t head = LOCAL_SIZE + (uint64_t)number16(local + 26) + number16(local + 28);
    uint64_t left = archive.size - member->offset;
    if (number32(local) != LOCAL_SIGNATURE || head > left || member->packed > left - head)
        return damaged(error, "a member is not where it should be");
    *data = (struct hob_text){local + head, member->packed};
    return 0;
}

struct extraction {
    struct hob_zip *zip;
    const struct member *member;
    hob_zip_sink *sink;
    void *user;
    uint64_t size; /* bytes that came out of this member */
    uLong checksum;
    struct hob_error *error;
};

static int too_large(struct hob_error *error, const char *what)
{
    hob_error_set(error, HOB_E_LIMIT, "%s", what);
    hob_error_hint(error, "a file like that is made to exhaust memory; if this one is not, save "
                          "its table as csv");
    return HOB_E_LIMIT;
}

/* Hands a piece on, within the limits. */
static int pass_on(struct extraction *extraction, struct hob_text piece)
{
    extraction->size += piece.size;
    extraction->zip->extracted += piece.size;
    extraction->checksum = crc32(extraction->checksum, (const Bytef *)piece.data, (uInt)piece.size);
    if (extraction->zip->extracted > total_limit)
        return too_large(extraction->error, "it is more than 1 GiB when it is unpacked");
    if (extraction->size > small && extraction->size / EXPANSION_LIMIT > extraction->member->packed)
        return too_large(extraction->error, "it grows more than 400-fold when it is unpacked");
    return extraction->sink(extraction->user, piece, extraction->error);
}

static int copy_stored(struct extraction *extraction, struct hob_text data)
{
    int result = 0;
    for (size_t at = 0; result == 0 && at < data.size; at += PIECE) {
        size_t size = data.size - at < PIECE ? data.size - at : PIECE;
        result = pass_on(extraction, (struct hob_text){data.data + at, size});
    }
    return result;
}

static int inflate_step(struct extraction *extraction, z_stream *stream, Bytef *piece,
                        struct hob_text *data, bool *done)
{
    if (stream->avail_in == 0) {
        size_t size = data->size < INT_MAX ? data->size : INT_MAX;
        stream->next_in = (Bytef *)(uintptr_t)data->data;
        stream->avail_in = (uInt)size;
        data->data += size;
        data->size -= size;
    }
    stream->next_out = piece;
    stream->avail_out = PIECE;
    int status = inflate(stream, Z_NO_FLUSH);
    if (status == Z_MEM_ERROR)
        return hob_error_set(extraction->error, HOB_E_MEMORY, "not enough memory");
    if (status != Z_OK && status != Z_STREAM_END)
        return damaged(extraction->error, "a member cannot be unpacked");
    *done = status == Z_STREAM_END;
    return pass_on(extraction, (struct hob_text){(char *)piece, PIECE - stream->avail_out});
}

static int inflate_all(struct extraction *extraction, struct hob_text data)
{
    z_stream stream = {0};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
        return hob_error_set(extraction->error, HOB_E_MEMORY, "not enough memory");
    Bytef *piece = hob_alloc(PIECE);
    bool done = false;
    int result = 0;
    while (result == 0 && !done)
        result = inflate_step(extraction, &stream, piece, &data, &done);
    free(piece);
    inflateEnd(&stream);
    return result;
}

int hob_zip_extract(struct hob_zip *zip, struct hob_text name, hob_zip_sink *sink, void *user,
                    struct hob_error *error)
{
    const struct member *member = find(zip, name);
    if (member == NULL)
        return hob_error_set(error, HOB_E_VALUE, "the archive has no '%.*s'", HOB_TEXT_ARG(name));
    struct extraction extraction = {zip, member, sink, user, 0, crc32(0, NULL, 0), error};
    struct hob_text data = {NULL, 0};
    int result = find_data(zip, member, &data, error);
    if (result == 0)
        result = member->method == STORED ? copy_stored(&extraction, data)
                                          : inflate_all(&extraction, data);
    if (result == 0 &&
        (extraction.size != member->unpacked || (uint32_t)extraction.checksum != member->checksum))
        result = damaged(error, "a member's checksum or size is wrong");
    return result < 0 ? hob_error_context(error, "'%.*s'", HOB_TEXT_ARG(name)) : 0;
}

/* Writing. */

struct written {
    const char *name;
    struct member member;
};

struct hob_zip_writer {
    struct hob_buffer *out;
    struct written *members;
    size_t count, capacity;
    z_stream stream;
    bool open; /* the stream is */
    bool failed;
};

struct hob_zip_writer *hob_zip_writer_new(struct hob_buffer *out)
{
    struct hob_zip_writer *writer = hob_alloc_zero(1, sizeof *writer);
    writer->out = out;
    return writer;
}

struct hob_zip_writer *hob_zip_writer_free(struct hob_zip_writer *writer)
{
    if (writer != NULL) {
        if (writer->open)
            deflateEnd(&writer->stream);
        free(writer->members);
        free(writer);
    }
    return NULL;
}

static void put_number(struct hob_buffer *out, uint64_t number, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        hob_buffer_put_char(out, (char)(number >> 8 * i));
}

/* What the local header and the directory have in common: version to name length. The date is the
 * first that the format knows, so that equal tables make equal files. */
static void put_facts(struct hob_buffer *out, const struct written *written)
{
    put_number(out, 20, 2);
    put_number(out, 1 << 11, 2); /* names are UTF-8 */
    put_number(out, DEFLATED, 2);
    put_number(out, 0, 2);
    put_number(out, 1 << 5 | 1, 2);
    put_number(out, written->member.checksum, 4);
    put_number(out, written->member.packed, 4);
    put_number(out, written->member.unpacked, 4);
    put_number(out, strlen(written->name), 2);
    put_number(out, 0, 2);
}

static void put_local(struct hob_buffer *out, const struct written *written)
{
    put_number(out, LOCAL_SIGNATURE, 4);
    put_facts(out, written);
    hob_buffer_put_string(out, written->name);
}

void hob_zip_writer_begin(struct hob_zip_writer *writer, const char *name)
{
    writer->failed =
        writer->failed || !HOB_TRY_GROW(writer->members, writer->capacity, writer->count + 1);
    if (writer->failed)
        return;
    writer->stream = (z_stream){0};
    writer->open = deflateInit2(&writer->stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8,
                                Z_DEFAULT_STRATEGY) == Z_OK;
    writer->failed = !writer->open;
    struct written *written = &writer->members[writer->count++];
    *written = (struct written){name, {.offset = writer->out->size}};
    written->member.checksum = (uint32_t)crc32(0, NULL, 0);
    put_local(writer->out, written);
}

static void deflate_some(struct hob_zip_writer *writer, struct hob_text text, int flush)
{
    writer->stream.next_in = (Bytef *)(uintptr_t)text.data;
    writer->stream.avail_in = (uInt)text.size;
    int status = Z_OK;
    do {
        if (!hob_buffer_reserve(writer->out, PIECE)) {
            writer->failed = true;
            return;
        }
        writer->stream.next_out = (Bytef *)writer->out->data + writer->out->size;
        writer->stream.avail_out = PIECE;
        status = deflate(&writer->stream, flush);
        writer->out->size += PIECE - writer->stream.avail_out;
    } while (flush == Z_FINISH ? status == Z_OK : writer->stream.avail_out == 0);
}

void hob_zip_writer_put(struct hob_zip_writer *writer, struct hob_text text)
{
    struct written *written = writer->failed ? NULL : &writer->members[writer->count - 1];
    while (text.size > 0 && !writer->failed) {
        size_t size = text.size < INT_MAX ? text.size : INT_MAX;
        written->member.unpacked += size;
        written->member.checksum =
            (uint32_t)crc32(written->member.checksum, (const Bytef *)text.data, (uInt)size);
        deflate_some(writer, (struct hob_text){text.data, size}, Z_NO_FLUSH);
        text.data += size;
        text.size -= size;
    }
}

/* Ends the member, and puts what is known only now into its header. */
void hob_zip_writer_end(struct hob_zip_writer *writer)
{
    if (writer->failed)
        return;
    deflate_some(writer, (struct hob_text){NULL, 0}, Z_FINISH);
    deflateEnd(&writer->stream);
    writer->open = false;
    struct written *written = &writer->members[writer->count - 1];
    size_t head = LOCAL_SIZE + strlen(written->name);
    written->member.packed = writer->out->size - written->member.offset - head;
    HOB_AUTO(buffer) struct hob_buffer header = HOB_BUFFER_INIT;
    put_local(&header, written);
    writer->failed = writer->failed || hob_buffer_failed(&header);
    if (!writer->failed)
        memcpy(writer->out->data + written->member.offset, header.data, header.size);
}

static void put_directory(struct hob_zip_writer *writer)
{
    struct hob_buffer *out = writer->out;
    size_t start = out->size;
    for (size_t i = 0; i < writer->count; i++) {
        put_number(out, CENTRAL_SIGNATURE, 4);
        put_number(out, 20, 2);
        put_facts(out, &writer->members[i]);
        hob_buffer_put_repeated(out, 0, 10); /* no comment, one disk, no attributes */
        put_number(out, writer->members[i].member.offset, 4);
        hob_buffer_put_string(out, writer->members[i].name);
    }
    size_t size = out->size - start;
    put_number(out, END_SIGNATURE, 4);
    put_number(out, 0, 4);
    put_number(out, writer->count, 2);
    put_number(out, writer->count, 2);
    put_number(out, size, 4);
    put_number(out, start, 4);
    put_number(out, 0, 2);
}

int hob_zip_writer_finish(struct hob_zip_writer *writer, struct hob_error *error)
{
    for (size_t i = 0; !writer->failed && i < writer->count; i++)
        if (writer->members[i].member.unpacked > UINT32_MAX)
            return hob_error_set(error, HOB_E_LIMIT, "the archive would be more than 4 GiB");
    if (!writer->failed)
        put_directory(writer);
    if (writer->failed || hob_buffer_failed(writer->out))
        return hob_error_set(error, HOB_E_MEMORY, "not enough memory");
    if (writer->out->size > UINT32_MAX)
        return hob_error_set(error, HOB_E_LIMIT, "the archive would be more than 4 GiB");
    return 0;
}
