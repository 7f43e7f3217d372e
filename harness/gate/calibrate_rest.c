/*
 * calibrate_rest.c - questions that REST alone answers (rest.md 11: 5 to 7, 11,
 * 13 to 15).
 * Layer: gate. Threads: the loop's.
 */
#include "gate/calibrate_impl.h"

#include "net/http.h"
#include "syn/limits.h"

#include <stdio.h>
#include <string.h>

#define HTTP_CONFLICT  409
#define HTTP_PRECOND   412
#define PAGE_SIZE_OVER 150
#define ORDER_COUNT    8
#define SIZE_SAFE      15360 /* bytes that every measure lets pass */
#define SIZE_OVER      17408 /* bytes that none lets pass */
#define FORM_BYTES_MAX 262144
#define MISSING_WHO    "nobody-at-all"
#define STALE_REVISION "0"

static struct syn_reply call(struct syn_calibrator *c, const char *method,
                             const char *path, const char *form)
{
    return syn_backend_call(c->bench.backend, method, path, form, NULL);
}

/* POST a document with this text as Data. */
static struct syn_reply post_data(struct syn_calibrator *c, struct syn_str data)
{
    struct syn_buf form;
    syn_buf_init(&form, NULL, FORM_BYTES_MAX);
    syn_buf_put_text(&form, "Data=");
    syn_http_encode(&form, data);
    struct syn_str text = syn_arena_dup(&c->bench.arena, syn_buf_str(&form));
    syn_buf_fini(&form);
    SYN_ASSERT(text.at != NULL);
    return call(c, "POST", syn_calibrate_path(c, "/Documents"), text.at);
}

/* A refusal of the request itself: no failure of the service, no throttle. */
static bool is_refusal(const struct syn_reply *reply)
{
    return reply->status == SYN_OK && reply->http >= 400 && reply->http < 500 &&
           reply->http != 429 && reply->http != 401;
}

/* A question of yes and no: done is one value, refused the other. */
static void see_answer(struct syn_calibrator *c, enum syn_reading_id which,
                       const struct syn_reply *reply, const unsigned values[2])
{
    if (syn_reply_is_ok(reply)) {
        syn_calibrate_see(c, which, values[0]);
    } else if (is_refusal(reply)) {
        syn_calibrate_see(c, which, values[1]);
    } else {
        syn_calibrate_lacks(c, which, "the request itself", reply);
    }
}

/* --- 5, 6, 7 ---------------------------------------------------------------
 */

static void ask_missing(struct syn_calibrator *c)
{
    struct syn_reply made;
    struct syn_thing thing = syn_calibrate_made(c, SYN_TYPE_DOCUMENT, &made);
    struct syn_reply reply =
        call(c, "GET",
             syn_calibrate_path(c, "/Documents/%s/Permissions/" MISSING_WHO,
                                thing.sid),
             NULL);
    if (!syn_reply_is_ok(&made)) {
        syn_calibrate_lacks(c, SYN_READING_MISSING, "POST Documents", &made);
    } else if (reply.code == SYN_CODE_20404) {
        syn_calibrate_see(c, SYN_READING_MISSING, SYN_MISSING_20404);
    } else if (reply.code == SYN_CODE_54354) {
        syn_calibrate_see(c, SYN_READING_MISSING, SYN_MISSING_54354);
    } else {
        syn_calibrate_lacks(c, SYN_READING_MISSING, "a code of the two",
                            &reply);
    }
}

static void ask_syntax(struct syn_calibrator *c)
{
    static const unsigned syntax[] = {SYN_SYNTAX_LENIENT, SYN_SYNTAX_STRICT};
    static const unsigned top[] = {SYN_TOP_ANY, SYN_TOP_OBJECT};
    struct syn_reply good = post_data(c, SYN_STR("{\"a\":1}"));
    if (!syn_reply_is_ok(&good)) {
        syn_calibrate_lacks(c, SYN_READING_SYNTAX, "good Data", &good);
        syn_calibrate_lacks(c, SYN_READING_TOP, "good Data", &good);
        return;
    }
    struct syn_reply loose = post_data(c, SYN_STR("{a:'b'}"));
    see_answer(c, SYN_READING_SYNTAX, &loose, syntax);
    struct syn_reply array = post_data(c, SYN_STR("[1]"));
    see_answer(c, SYN_READING_TOP, &array, top);
}

static void ask_etag(struct syn_calibrator *c)
{
    struct syn_reply made;
    struct syn_thing thing = syn_calibrate_made(c, SYN_TYPE_DOCUMENT, &made);
    struct syn_reply got =
        call(c, "GET", syn_calibrate_path(c, "/Documents/%s", thing.sid), NULL);
    if (!syn_reply_is_ok(&got) || got.etag.bytes == 0) {
        syn_calibrate_lacks(c, SYN_READING_ETAG, "an ETag of a document", &got);
        return;
    }
    syn_calibrate_see(c, SYN_READING_ETAG,
                      got.has_quoted_etag ? SYN_ETAG_QUOTED : SYN_ETAG_BARE);
}

/* A stale condition: 412 shows that it counts, success that it does not. */
static void see_match(struct syn_calibrator *c, enum syn_reading_id which,
                      const struct syn_reply *reply)
{
    if (syn_reply_is_ok(reply)) {
        syn_calibrate_see(c, which, SYN_MATCH_IGNORED);
    } else if (reply->status == SYN_OK && reply->http == HTTP_PRECOND) {
        syn_calibrate_see(c, which, SYN_MATCH_HONOURED);
    } else {
        syn_calibrate_lacks(c, which, "200 or 412", reply);
    }
}

static void ask_match_container(struct syn_calibrator *c)
{
    struct syn_reply made;
    struct syn_thing list = syn_calibrate_made(c, SYN_TYPE_LIST, &made);
    struct syn_reply item = syn_backend_do(
        c->bench.backend,
        &(struct syn_action){.op = SYN_OP_ITEM_ADD, .on = &list});
    struct syn_reply late = syn_backend_call(
        c->bench.backend, "POST", syn_calibrate_path(c, "/Lists/%s", list.sid),
        "Ttl=3600", STALE_REVISION);
    if (!syn_reply_is_ok(&item)) {
        syn_calibrate_lacks(c, SYN_READING_MATCH_CONTAINER, "an item", &item);
        return;
    }
    see_match(c, SYN_READING_MATCH_CONTAINER, &late);
}

static void ask_match_delete(struct syn_calibrator *c)
{
    struct syn_reply made;
    struct syn_thing thing = syn_calibrate_made(c, SYN_TYPE_DOCUMENT, &made);
    struct syn_reply changed =
        syn_backend_do(c->bench.backend,
                       &(struct syn_action){.op = SYN_OP_UPDATE, .on = &thing});
    struct syn_reply late =
        syn_backend_call(c->bench.backend, "DELETE",
                         syn_calibrate_path(c, "/Documents/%s", thing.sid),
                         NULL, STALE_REVISION);
    if (!syn_reply_is_ok(&changed)) {
        syn_calibrate_lacks(c, SYN_READING_MATCH_DELETE, "an update", &changed);
        return;
    }
    see_match(c, SYN_READING_MATCH_DELETE, &late);
}

/* --- 11, 13 -----------------------------------------------------------------
 */

static void ask_page_size(struct syn_calibrator *c)
{
    struct syn_reply usual =
        call(c, "GET", syn_calibrate_path(c, "/Documents?PageSize=100"), NULL);
    struct syn_reply over = call(
        c, "GET",
        syn_calibrate_path(c, "/Documents?PageSize=%d", PAGE_SIZE_OVER), NULL);
    int64_t size = syn_reply_i64(&over, "/meta/page_size", 0);
    if (!syn_reply_is_ok(&usual)) {
        syn_calibrate_lacks(c, SYN_READING_PAGE_SIZE, "PageSize=100", &usual);
    } else if (syn_reply_is_ok(&over) && size == SYN_PAGE_SIZE_MAX) {
        syn_calibrate_see(c, SYN_READING_PAGE_SIZE, SYN_PAGE_CLAMP);
    } else if (syn_reply_is_ok(&over) && size == PAGE_SIZE_OVER) {
        syn_calibrate_see(c, SYN_READING_PAGE_SIZE, SYN_PAGE_HONOUR);
    } else if (is_refusal(&over)) {
        syn_calibrate_see(c, SYN_READING_PAGE_SIZE, SYN_PAGE_REFUSE);
    } else {
        syn_calibrate_lacks(c, SYN_READING_PAGE_SIZE, "a page of 100 or 150",
                            &over);
    }
}

static void ask_name_scope(struct syn_calibrator *c)
{
    struct syn_reply made;
    struct syn_thing first = syn_calibrate_made(c, SYN_TYPE_DOCUMENT, &made);
    struct syn_thing second = {.type = SYN_TYPE_LIST, .name = first.name};
    struct syn_reply again = syn_backend_do(
        c->bench.backend,
        &(struct syn_action){.op = SYN_OP_CREATE, .on = &second});
    if (!syn_reply_is_ok(&made)) {
        syn_calibrate_lacks(c, SYN_READING_NAME_SCOPE, "POST Documents", &made);
    } else if (syn_reply_is_ok(&again)) {
        syn_calibrate_see(c, SYN_READING_NAME_SCOPE, SYN_NAME_PER_TYPE);
    } else if (again.http == HTTP_CONFLICT) {
        syn_calibrate_see(c, SYN_READING_NAME_SCOPE, SYN_NAME_PER_SERVICE);
    } else {
        syn_calibrate_lacks(c, SYN_READING_NAME_SCOPE, "201 or 409", &again);
    }
}

/* --- 14 ---------------------------------------------------------------------
 */

/* {"a":"xxx…"} of `count` letters; `blanks` of insignificant white space. */
static struct syn_str make_data(struct syn_calibrator *c, const char *letter,
                                size_t count, size_t blanks)
{
    struct syn_buf text;
    syn_buf_init(&text, NULL, FORM_BYTES_MAX);
    syn_buf_put_text(&text, "{");
    for (size_t i = 0; i < blanks; i++) {
        syn_buf_put_byte(&text, ' ');
    }
    syn_buf_put_text(&text, "\"a\":\"");
    for (size_t i = 0; i < count; i++) {
        syn_buf_put_text(&text, letter);
    }
    syn_buf_put_text(&text, "\"}");
    struct syn_str data = syn_arena_dup(&c->bench.arena, syn_buf_str(&text));
    syn_buf_fini(&text);
    SYN_ASSERT(data.at != NULL);
    return data;
}

/* Long by white space only, and long in bytes only: who refuses which tells
 * what is measured. */
static void ask_size(struct syn_calibrator *c)
{
    struct syn_reply fits = post_data(c, make_data(c, "x", SIZE_SAFE, 0));
    struct syn_reply over = post_data(c, make_data(c, "x", SIZE_OVER, 0));
    struct syn_reply blank =
        post_data(c, make_data(c, "x", SIZE_SAFE, SIZE_OVER - SIZE_SAFE));
    struct syn_reply wide =
        post_data(c, make_data(c, "\xc3\xa9", SIZE_OVER / 2, 0));
    if (!syn_reply_is_ok(&fits)) {
        syn_calibrate_lacks(c, SYN_READING_SIZE, "15 KiB of Data", &fits);
    } else if (!is_refusal(&over)) {
        syn_calibrate_lacks(c, SYN_READING_SIZE, "17 KiB refused", &over);
    } else if (is_refusal(&blank) && is_refusal(&wide)) {
        syn_calibrate_see(c, SYN_READING_SIZE, SYN_SIZE_RAW);
    } else if (syn_reply_is_ok(&blank) && syn_reply_is_ok(&wide)) {
        syn_calibrate_see(c, SYN_READING_SIZE, SYN_SIZE_CHARACTERS);
    } else if (syn_reply_is_ok(&blank) && is_refusal(&wide)) {
        syn_calibrate_see(c, SYN_READING_SIZE, SYN_SIZE_COMPACT);
    } else {
        syn_calibrate_lacks(c, SYN_READING_SIZE, "a measure of the three",
                            &wide);
    }
}

/* --- 15 ---------------------------------------------------------------------
 */

struct order {
    char sids[ORDER_COUNT][SYN_BENCH_SID_BYTES]; /* as they were made */
    size_t listed[ORDER_COUNT];                  /* in the listing's order */
    size_t count;
};

/* The places of our streams in the page. */
static void read_order(const struct syn_reply *page, struct order *order)
{
    char pointer[64];
    for (size_t i = 0; i < SYN_PAGE_SIZE_MAX; i++) {
        (void)snprintf(pointer, sizeof pointer, "/streams/%zu/sid", i);
        struct syn_str sid = syn_reply_str(page, pointer);
        for (size_t k = 0; sid.bytes > 0 && k < ORDER_COUNT; k++) {
            if (syn_str_is(sid, order->sids[k]) && order->count < ORDER_COUNT) {
                order->listed[order->count++] = k;
            }
        }
    }
}

static bool is_ordered(const struct order *order, unsigned reading)
{
    for (size_t i = 1; i < order->count; i++) {
        size_t a = order->listed[i - 1];
        size_t b = order->listed[i];
        bool fits = reading == SYN_ORDER_CREATED ? a < b
                    : reading == SYN_ORDER_CREATED_DESC
                        ? a > b
                        : strcmp(order->sids[a], order->sids[b]) < 0;
        if (!fits) {
            return false;
        }
    }
    return true;
}

static void ask_order(struct syn_calibrator *c)
{
    struct order order = {.count = 0};
    struct syn_reply made;
    for (size_t i = 0; i < ORDER_COUNT; i++) {
        struct syn_thing thing = syn_calibrate_made(c, SYN_TYPE_STREAM, &made);
        (void)snprintf(order.sids[i], sizeof order.sids[i], "%s", thing.sid);
    }
    struct syn_reply page =
        call(c, "GET", syn_calibrate_path(c, "/Streams?PageSize=100"), NULL);
    read_order(&page, &order);
    if (order.count != ORDER_COUNT) {
        syn_calibrate_lacks(c, SYN_READING_ORDER, "all streams in one page",
                            &page);
        return;
    }
    for (unsigned value = 0; value < syn_reading_count(SYN_READING_ORDER);
         value++) {
        if (is_ordered(&order, value)) {
            syn_calibrate_see(c, SYN_READING_ORDER, value);
            return;
        }
    }
    syn_calibrate_cannot(c, SYN_READING_ORDER,
                         "streams come in none of the known orders");
}

void syn_calibrate_rest(struct syn_calibrator *c)
{
    ask_missing(c);
    ask_syntax(c);
    ask_etag(c);
    ask_match_container(c);
    ask_match_delete(c);
    ask_page_size(c);
    ask_name_scope(c);
    ask_size(c);
    ask_order(c);
}
