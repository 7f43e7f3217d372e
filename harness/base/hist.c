/*
 * hist.c - cells, percentiles, and HdrHistogram's V2 compressed form.
 * Layer: base. Threads: one owner.
 * Source: HdrHistogram's AbstractHistogram (layout, V2 encoding).
 *
 * A cell number is the value's place among those of equal width: up to 255 the
 * value itself; then each doubling has 128 cells of twice the width. 1,000 is
 * 0b1111101000, two bits longer than 255, so its width is 4 and its cell is
 * 2 * 128 + 1000 / 4 = 506, which holds 1,000 to 1,003.
 *
 * The V2 form is a header of 40 bytes and the counts as LEB128 of ZigZag, at
 * most nine bytes each, where -n stands for n empty cells; all this deflated
 * behind eight bytes, and base64 over it.
 */
#include "base/hist.h"

#include "base/base64.h"
#include "syn/limits.h"

#include <string.h>
#include <zlib.h>

#define CELLS_PER_HALF 128u
#define HALF_BITS      7u /* 128 is 2^7 */
#define BYTE_BITS      8u
#define BYTE_MASK      0xffu
#define PERCENT_ALL    100.0

#define COOKIE_PLAIN    0x1c849313u /* V2, words of eight bytes */
#define COOKIE_DEFLATED 0x1c849314u
#define COOKIE_MASK     0xffffff0fu /* the word size is only a hint */
#define HEADER_BYTES    40u
#define WRAP_BYTES      8u
#define RATIO_ONE       UINT64_C(0x3ff0000000000000) /* 1.0 as a double */
#define LOWEST_US       1

#define PACKED_HEAD_BYTES 24u

/* LEB128 as the form has it: seven bits a byte, the ninth byte holds eight. */
#define LEB_BITS      7u
#define LEB_MASK      0x7fu
#define LEB_MORE      0x80u
#define LEB_BYTES_MAX 9u

#define DIGITS_MAX      5u
#define VALUE_BITS_MAX  61u /* of a layout's first half, as others bound it */
#define FOREIGN_RUN_MAX (INT64_C(1) << 24) /* cells of the finest layout */

void syn_hist_init(struct syn_hist *hist)
{
    memset(hist, 0, sizeof *hist);
}

static unsigned count_bits(uint64_t value)
{
    unsigned bits = 0;
    while (value != 0) {
        bits++;
        value >>= 1;
    }
    return bits;
}

unsigned syn_hist_cell(int64_t value_us)
{
    uint64_t value = value_us < 0                 ? 0
                     : value_us > SYN_HIST_US_MAX ? SYN_HIST_US_MAX
                                                  : (uint64_t)value_us;
    unsigned bits = count_bits(value);
    unsigned shift = bits > HALF_BITS + 1 ? bits - (HALF_BITS + 1) : 0;
    unsigned cell = shift * CELLS_PER_HALF + (unsigned)(value >> shift);
    SYN_ASSERT(cell < SYN_HIST_CELLS);
    return cell;
}

/* How often the width of a cell has doubled. */
static unsigned cell_shift(unsigned cell)
{
    return cell < 2 * CELLS_PER_HALF ? 0 : cell / CELLS_PER_HALF - 1;
}

int64_t syn_hist_cell_low_us(unsigned cell)
{
    unsigned shift = cell_shift(cell);
    SYN_ASSERT(cell < SYN_HIST_CELLS);
    return (int64_t)(cell - shift * CELLS_PER_HALF) << shift;
}

int64_t syn_hist_cell_high_us(unsigned cell)
{
    return syn_hist_cell_low_us(cell) + (INT64_C(1) << cell_shift(cell)) - 1;
}

void syn_hist_record_many(struct syn_hist *hist, int64_t value_us,
                          uint64_t count)
{
    int64_t value = value_us < 0 ? 0 : value_us;
    value = value > SYN_HIST_US_MAX ? SYN_HIST_US_MAX : value;
    if (count == 0) {
        return;
    }
    hist->clamped += value != value_us ? count : 0;
    hist->min_us =
        hist->count == 0 || value < hist->min_us ? value : hist->min_us;
    hist->max_us = value > hist->max_us ? value : hist->max_us;
    hist->counts[syn_hist_cell(value)] += count;
    hist->count += count;
}

void syn_hist_record(struct syn_hist *hist, int64_t value_us)
{
    syn_hist_record_many(hist, value_us, 1);
}

void syn_hist_add(struct syn_hist *to, const struct syn_hist *from)
{
    if (from->count == 0) {
        return;
    }
    for (unsigned i = 0; i < SYN_HIST_CELLS; i++) {
        to->counts[i] += from->counts[i];
    }
    to->min_us =
        to->count == 0 || from->min_us < to->min_us ? from->min_us : to->min_us;
    to->max_us = from->max_us > to->max_us ? from->max_us : to->max_us;
    to->count += from->count;
    to->clamped += from->clamped;
}

int64_t syn_hist_percentile(const struct syn_hist *hist, double percent)
{
    double bounded = percent > PERCENT_ALL ? PERCENT_ALL : percent;
    double wanted = bounded / PERCENT_ALL * (double)hist->count;
    uint64_t seen = 0;
    if (hist->count == 0) {
        return 0;
    }
    for (unsigned i = 0; i < SYN_HIST_CELLS; i++) {
        seen += hist->counts[i];
        if (seen > 0 && (double)seen >= wanted) {
            int64_t high = syn_hist_cell_high_us(i);
            return high < hist->max_us ? high : hist->max_us;
        }
    }
    return hist->max_us;
}

bool syn_hist_is_equal(const struct syn_hist *a, const struct syn_hist *b)
{
    return a->count == b->count && a->min_us == b->min_us &&
           a->max_us == b->max_us && a->clamped == b->clamped &&
           memcmp(a->counts, b->counts, sizeof a->counts) == 0;
}

/* --- writing --------------------------------------------------------------
 */

static void put_big_endian(struct syn_buf *buf, uint64_t value, unsigned bytes)
{
    for (unsigned i = bytes; i > 0; i--) {
        syn_buf_put_byte(buf,
                         (char)((value >> (BYTE_BITS * (i - 1))) & BYTE_MASK));
    }
}

/* ZigZag: 0, -1, 1, -2, … become 0, 1, 2, 3, …; then low bits first. */
static void put_zigzag(struct syn_buf *buf, int64_t value)
{
    uint64_t left = ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0);
    for (unsigned i = 1; i < LEB_BYTES_MAX && left > LEB_MASK; i++) {
        syn_buf_put_byte(buf, (char)((left & LEB_MASK) | LEB_MORE));
        left >>= LEB_BITS;
    }
    syn_buf_put_byte(buf, (char)(left & BYTE_MASK));
}

static void put_counts(struct syn_buf *buf, const struct syn_hist *hist)
{
    unsigned end = SYN_HIST_CELLS;
    unsigned at = 0;
    while (end > 0 && hist->counts[end - 1] == 0) {
        end--;
    }
    while (at < end) {
        unsigned empty = 0;
        while (hist->counts[at + empty] == 0) {
            empty++; /* ends at the last cell, which is not empty */
        }
        if (empty > 0) {
            put_zigzag(buf, empty == 1 ? 0 : -(int64_t)empty);
            at += empty;
        } else {
            put_zigzag(buf, (int64_t)hist->counts[at]);
            at++;
        }
    }
}

/* The extremes and what was clamped, which the counts do not tell; then they.
 */
syn_status syn_hist_pack(struct syn_buf *out, const struct syn_hist *hist)
{
    put_big_endian(out, hist->clamped, sizeof(uint64_t));
    put_big_endian(out, (uint64_t)hist->min_us, sizeof(uint64_t));
    put_big_endian(out, (uint64_t)hist->max_us, sizeof(uint64_t));
    put_counts(out, hist);
    return out->status;
}

static void put_plain(struct syn_buf *buf, const struct syn_hist *hist)
{
    struct syn_buf counts;
    syn_buf_init(&counts, NULL, SYN_HIST_FORM_BYTES_MAX);
    put_counts(&counts, hist);
    put_big_endian(buf, COOKIE_PLAIN, sizeof(uint32_t));
    put_big_endian(buf, counts.bytes, sizeof(uint32_t));
    put_big_endian(buf, 0, sizeof(uint32_t)); /* index offset */
    put_big_endian(buf, SYN_HIST_DIGITS, sizeof(uint32_t));
    put_big_endian(buf, LOWEST_US, sizeof(uint64_t));
    put_big_endian(buf, SYN_HIST_US_MAX, sizeof(uint64_t));
    put_big_endian(buf, RATIO_ONE, sizeof(uint64_t));
    syn_buf_put(buf, syn_buf_str(&counts));
    buf->status = buf->status != SYN_OK ? buf->status : counts.status;
    syn_buf_fini(&counts);
}

/* Eight bytes of cookie and length, then zlib's stream. */
static syn_status put_deflated(struct syn_buf *out, const struct syn_buf *plain)
{
    syn_status st = SYN_OK;
    uLongf bytes = compressBound((uLong)plain->bytes);
    Bytef *at = syn_allocator_heap.resize(NULL, NULL, bytes);
    if (at == NULL) {
        return SYN_ERR_MEMORY;
    }
    if (compress2(at, &bytes, (const Bytef *)plain->at, (uLong)plain->bytes,
                  Z_DEFAULT_COMPRESSION) != Z_OK) {
        st = SYN_ERR_MEMORY; /* the only cause: the room is proven enough */
        goto done;
    }
    put_big_endian(out, COOKIE_DEFLATED, sizeof(uint32_t));
    put_big_endian(out, bytes, sizeof(uint32_t));
    syn_buf_put(out, (struct syn_str){(const char *)at, bytes});
    st = out->status;
done:
    syn_allocator_heap.release(NULL, at);
    return st;
}

syn_status syn_hist_encode(struct syn_buf *out, const struct syn_hist *hist)
{
    struct syn_buf plain;
    struct syn_buf deflated;
    syn_buf_init(&plain, NULL, SYN_HIST_FORM_BYTES_MAX);
    syn_buf_init(&deflated, NULL, SYN_HIST_FORM_BYTES_MAX);
    put_plain(&plain, hist);
    syn_status st = plain.status;
    if (st == SYN_OK) {
        st = put_deflated(&deflated, &plain);
    }
    if (st == SYN_OK) {
        syn_base64_put(out, SYN_BASE64, syn_buf_str(&deflated));
        st = out->status;
    }
    syn_buf_fini(&plain);
    syn_buf_fini(&deflated);
    return st;
}

/* --- reading --------------------------------------------------------------
 */

/* How the writer laid out its cells. */
struct layout {
    unsigned half_bits; /* cells of a half: 2^half_bits */
    unsigned unit_bits; /* the lowest value is 2^unit_bits or more */
    int64_t cells;
};

static uint64_t read_big_endian(const unsigned char *at, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++) {
        value = value << BYTE_BITS | at[i];
    }
    return value;
}

/* Header fields in their order. The index offset says how the writer kept its
 * counts; in the form they stand in the order of their values all the same. The
 * ratio is of no use to whole numbers. */
static bool read_layout(const unsigned char *header, struct layout *layout)
{
    static const unsigned half_bits[DIGITS_MAX + 1] = {0, 4, 7, 10, 14, 17};
    uint64_t digits = read_big_endian(header + 12, sizeof(uint32_t));
    uint64_t lowest = read_big_endian(header + 16, sizeof(uint64_t));
    uint64_t highest = read_big_endian(header + 24, sizeof(uint64_t));
    if (digits < 1 || digits > DIGITS_MAX || lowest < 1 ||
        highest < 2 * lowest || highest > INT64_MAX) {
        return false;
    }
    unsigned cell_bits = half_bits[digits] + 1;
    unsigned unit_bits = count_bits(lowest) - 1;
    unsigned bits = count_bits(highest);
    if (cell_bits + unit_bits > VALUE_BITS_MAX) {
        return false;
    }
    unsigned halves =
        bits > cell_bits + unit_bits ? bits - cell_bits - unit_bits + 2 : 2;
    *layout = (struct layout){.half_bits = half_bits[digits],
                              .unit_bits = unit_bits,
                              .cells = (int64_t)halves << half_bits[digits]};
    return true;
}

/* The middle of a cell of that layout, for ours the cell it stands for. */
static int64_t foreign_value(const struct layout *layout, int64_t cell)
{
    int64_t half = INT64_C(1) << layout->half_bits;
    int64_t shift = cell < 2 * half ? 0 : cell / half - 1;
    SYN_ASSERT(shift >= 0 && cell >= shift * half);
    int64_t low = (cell - shift * half) << (shift + layout->unit_bits);
    int64_t width = INT64_C(1) << (shift + layout->unit_bits);
    return low + width / 2;
}

static bool read_zigzag(struct syn_str *rest, int64_t *out)
{
    uint64_t value = 0;
    unsigned shift = 0;
    for (unsigned i = 1; i <= LEB_BYTES_MAX && rest->bytes > 0; i++) {
        unsigned char byte = (unsigned char)rest->at[0];
        bool is_last = i == LEB_BYTES_MAX || (byte & LEB_MORE) == 0;
        *rest = syn_str_from(*rest, 1);
        value |= (uint64_t)(i == LEB_BYTES_MAX ? byte : byte & LEB_MASK)
                 << shift;
        shift += LEB_BITS;
        if (is_last) {
            *out = (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
            return true;
        }
    }
    return false; /* ends within a number */
}

static syn_status read_counts(struct syn_hist *hist,
                              const struct layout *layout, struct syn_str rest)
{
    int64_t cell = 0;
    while (rest.bytes > 0) {
        int64_t count = 0;
        if (!read_zigzag(&rest, &count) || count < -FOREIGN_RUN_MAX) {
            return SYN_ERR_PARSE;
        }
        if (count <= 0) {
            cell += count == 0 ? 1 : -count;
        } else if (cell < layout->cells &&
                   (uint64_t)count <= UINT64_MAX - hist->count) {
            syn_hist_record_many(hist, foreign_value(layout, cell),
                                 (uint64_t)count);
            cell++;
        } else {
            return SYN_ERR_PARSE;
        }
    }
    return cell <= layout->cells ? SYN_OK : SYN_ERR_PARSE;
}

void syn_hist_unpack(struct syn_hist *hist, struct syn_str packed)
{
    static const struct layout ours = {.half_bits = HALF_BITS,
                                       .cells = SYN_HIST_CELLS};
    const unsigned char *head = (const unsigned char *)packed.at;
    SYN_ASSERT(packed.bytes >= PACKED_HEAD_BYTES);
    syn_hist_init(hist);
    const syn_status st =
        read_counts(hist, &ours, syn_str_from(packed, PACKED_HEAD_BYTES));
    SYN_ASSERT(st == SYN_OK);
    hist->clamped = read_big_endian(head, sizeof(uint64_t));
    hist->min_us = (int64_t)read_big_endian(head + 8, sizeof(uint64_t));
    hist->max_us = (int64_t)read_big_endian(head + 16, sizeof(uint64_t));
}

/* The extremes are not in the form; bounds of their cells stand for them. */
static void widen_extremes(struct syn_hist *hist)
{
    if (hist->count == 0) {
        return;
    }
    int64_t high = syn_hist_cell_high_us(syn_hist_cell(hist->max_us));
    hist->min_us = syn_hist_cell_low_us(syn_hist_cell(hist->min_us));
    hist->max_us = high < SYN_HIST_US_MAX ? high : SYN_HIST_US_MAX;
}

static syn_status read_plain(struct syn_hist *hist, struct syn_str plain)
{
    struct layout layout = {.cells = 0};
    const unsigned char *header = (const unsigned char *)plain.at;
    if (plain.bytes < HEADER_BYTES ||
        (read_big_endian(header, sizeof(uint32_t)) & COOKIE_MASK) !=
            (COOKIE_PLAIN & COOKIE_MASK) ||
        read_big_endian(header + 4, sizeof(uint32_t)) !=
            plain.bytes - HEADER_BYTES ||
        !read_layout(header, &layout)) {
        return SYN_ERR_PARSE;
    }
    syn_status st =
        read_counts(hist, &layout, syn_str_from(plain, HEADER_BYTES));
    widen_extremes(hist);
    return st;
}

static syn_status read_deflated(struct syn_hist *hist, struct syn_str wrapped)
{
    const unsigned char *at = (const unsigned char *)wrapped.at;
    uLongf bytes = SYN_HIST_FORM_BYTES_MAX;
    if (wrapped.bytes < WRAP_BYTES ||
        (read_big_endian(at, sizeof(uint32_t)) & COOKIE_MASK) !=
            (COOKIE_DEFLATED & COOKIE_MASK) ||
        read_big_endian(at + 4, sizeof(uint32_t)) !=
            wrapped.bytes - WRAP_BYTES) {
        return SYN_ERR_PARSE;
    }
    Bytef *plain = syn_allocator_heap.resize(NULL, NULL, bytes);
    if (plain == NULL) {
        return SYN_ERR_MEMORY;
    }
    int result = uncompress(plain, &bytes, at + WRAP_BYTES,
                            (uLong)(wrapped.bytes - WRAP_BYTES));
    syn_status st =
        result == Z_OK
            ? read_plain(hist, (struct syn_str){(const char *)plain, bytes})
        : result == Z_BUF_ERROR ? SYN_ERR_LIMIT
                                : SYN_ERR_PARSE;
    syn_allocator_heap.release(NULL, plain);
    return st;
}

syn_status syn_hist_decode(struct syn_hist *hist, struct syn_str text)
{
    struct syn_buf wrapped;
    struct syn_hist read;
    syn_hist_init(&read);
    syn_buf_init(&wrapped, NULL, SYN_HIST_FORM_BYTES_MAX);
    syn_status st = syn_base64_decode(&wrapped, SYN_BASE64, text);
    if (st == SYN_OK) {
        st = read_deflated(&read, syn_buf_str(&wrapped));
    }
    if (st == SYN_OK) {
        *hist = read; /* published only when whole */
    }
    syn_buf_fini(&wrapped);
    return st;
}
