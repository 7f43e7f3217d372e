/*
 * log.c - lines into a ring and to stderr; results to stdout.
 * Layer: base. Threads: one; state is the process's, as stdout and stderr are.
 *
 * The ring holds whole lines end to end and forgets from the front. Values may
 * hold anything a peer sent, so what is not plain text is escaped after
 * formatting: a line stays one line.
 */
#include "base/log.h"

#include "base/clock.h"
#include "syn/limits.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define CUT_MARK     "..."
#define CUT_BYTES    (sizeof CUT_MARK - 1)
#define ESCAPE_BYTES 4 /* \xNN */
#define TEXT_FROM    0x20
#define DEL          0x7f
#define NIBBLE_BITS  4
#define NIBBLE_MASK  0xfu
#define US_PER_S     1000000
#define US_PER_MS    1000
#define NS_PER_US    1000
#define C1_LEAD      0xc2 /* U+0080..U+009F, controls, are C2 80..C2 9F */
#define C1_LAST      0x9f

static const char *const level_names[] = {
    [SYN_LOG_DEBUG] = "debug",
    [SYN_LOG_INFO] = "info",
    [SYN_LOG_WARN] = "warn",
    [SYN_LOG_ALERT] = "alert",
};

struct line {
    char at[SYN_LOG_LINE_BYTES_MAX];
    size_t bytes;
    bool is_cut;
};

static struct {
    enum syn_log_level level;
    syn_log_now_fn now;
    void *now_ctx;
    unsigned alerts;
    size_t first; /* of the oldest line in the ring */
    size_t used;  /* bytes in the ring */
    char ring[SYN_LOG_RING_BYTES_MAX];
} state = {.level = SYN_LOG_WARN};

_Static_assert(SYN_LOG_LINE_BYTES_MAX < SYN_LOG_RING_BYTES_MAX,
               "the ring holds the longest line");

void syn_log_set_level(enum syn_log_level level)
{
    state.level = level;
}

void syn_log_set_clock(syn_log_now_fn now, void *ctx)
{
    state.now = now;
    state.now_ctx = ctx;
}

static int64_t now_us(void)
{
    if (state.now != NULL) {
        return state.now(state.now_ctx);
    }
    struct timespec wall = {0};
    (void)clock_gettime(CLOCK_REALTIME, &wall);
    return (int64_t)wall.tv_sec * US_PER_S + wall.tv_nsec / NS_PER_US;
}

/* Room is kept for the cut mark and the line's end. */
static void line_put(struct line *line, const char *at, size_t bytes)
{
    if (line->is_cut || bytes > sizeof line->at - CUT_BYTES - 1 - line->bytes) {
        line->is_cut = true;
        return;
    }
    memcpy(line->at + line->bytes, at, bytes);
    line->bytes += bytes;
}

static void line_put_escape(struct line *line, unsigned char byte)
{
    static const char digits[] = "0123456789abcdef";
    char escape[ESCAPE_BYTES] = {'\\', 'x', digits[byte >> NIBBLE_BITS],
                                 digits[byte & NIBBLE_MASK]};
    line_put(line, escape, sizeof escape);
}

/* Bytes of the printable character at `at`, 0 when it must be escaped. */
static size_t printable_bytes(struct syn_str s, size_t at)
{
    unsigned char lead = (unsigned char)s.at[at];
    size_t bytes = syn_str_utf8_bytes(s, at);
    if (lead < TEXT_FROM || lead == DEL ||
        (bytes > 1 && lead == C1_LEAD &&
         (unsigned char)s.at[at + 1] <= C1_LAST)) {
        return 0;
    }
    return bytes;
}

static void line_put_value(struct line *line, struct syn_str s)
{
    size_t at = 0;
    while (at < s.bytes && !line->is_cut) {
        size_t bytes = printable_bytes(s, at);
        if (bytes == 0) {
            line_put_escape(line, (unsigned char)s.at[at]);
            at++;
        } else {
            line_put(line, s.at + at, bytes);
            at += bytes;
        }
    }
}

static void line_end(struct line *line)
{
    if (line->is_cut) {
        memcpy(line->at + line->bytes, CUT_MARK, CUT_BYTES);
        line->bytes += CUT_BYTES;
    }
    line->at[line->bytes++] = '\n';
}

static void ring_drop_oldest(void)
{
    char dropped = '\0';
    while (state.used > 0 && dropped != '\n') {
        dropped = state.ring[state.first];
        state.first = (state.first + 1) % sizeof state.ring;
        state.used--;
    }
}

static void ring_put(const struct line *line)
{
    while (line->bytes > sizeof state.ring - state.used) {
        ring_drop_oldest();
    }
    size_t to = (state.first + state.used) % sizeof state.ring;
    size_t until_wrap = sizeof state.ring - to;
    size_t head = line->bytes < until_wrap ? line->bytes : until_wrap;
    memcpy(state.ring + to, line->at, head);
    memcpy(state.ring, line->at + head, line->bytes - head);
    state.used += line->bytes;
}

static void line_begin(struct line *line, enum syn_log_level level,
                       const char *actor, const char *event)
{
    char time[SYN_CLOCK_ISO_BYTES];
    const char *words[] = {level_names[level], actor, event};
    syn_clock_format_ms(now_us() / US_PER_MS, time);
    line_put_value(line, syn_str_of(time));
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        line_put(line, " ", 1);
        line_put_value(line, syn_str_of(words[i] == NULL ? "-" : words[i]));
    }
}

void syn_log(enum syn_log_level level, const char *actor, const char *event,
             const char *format, ...)
{
    struct line line = {.bytes = 0};
    char values[SYN_LOG_LINE_BYTES_MAX];
    va_list args;
    SYN_ASSERT((unsigned)level <= SYN_LOG_ALERT);
    va_start(args, format);
    int length = vsnprintf(values, sizeof values, format, args);
    va_end(args);
    line_begin(&line, level, actor, event);
    if (length > 0) {
        line_put(&line, " ", 1);
        line_put_value(&line, syn_str_of(values));
        line.is_cut = line.is_cut || (size_t)length >= sizeof values;
    }
    line_end(&line);
    ring_put(&line);
    state.alerts += level == SYN_LOG_ALERT ? 1 : 0;
    if (level >= state.level) {
        (void)fwrite(line.at, 1, line.bytes, stderr);
    }
}

unsigned syn_log_alert_count(void)
{
    return state.alerts;
}

void syn_log_dump(struct syn_buf *out)
{
    size_t until_wrap = sizeof state.ring - state.first;
    size_t head = state.used < until_wrap ? state.used : until_wrap;
    syn_buf_put(out, (struct syn_str){state.ring + state.first, head});
    syn_buf_put(out, (struct syn_str){state.ring, state.used - head});
}

void syn_log_reset(void)
{
    state.alerts = 0;
    state.first = 0;
    state.used = 0;
}

syn_status syn_out_write(const char *at, size_t bytes)
{
    if (bytes > 0 && fwrite(at, 1, bytes, stdout) != bytes) {
        return SYN_ERR_IO;
    }
    return SYN_OK;
}

syn_status syn_out_flush(void)
{
    /* An earlier short write must not be forgotten by a good flush. */
    return fflush(stdout) != 0 || ferror(stdout) != 0 ? SYN_ERR_IO : SYN_OK;
}

void syn_err_printf(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
}
