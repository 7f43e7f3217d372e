/*
 * defect_shape.c - REST answers that say something else than what happened.
 *
 * The work is done soundly; what is wrong is its body, status or ETag, as a
 * careless layer in front of a sound store would have it.
 */
#include "service/defect_impl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HTTP_OK        200
#define HTTP_CREATED   201
#define HTTP_REFUSED   400
#define HTTP_MISSING   404
#define HTTP_CONFLICT  409
#define SID_BYTES      34
#define HEX            16
#define EXACT_DIGITS   16 /* that a double keeps */
#define OBJECT_SLASHES 5  /* of /v1/Services/IS…/Documents/ET… */

static bool is_rest(const struct syn_shaping *shaping, const char *method)
{
    return shaping->plane == SYN_PLANE_REST &&
           syn_str_is(shaping->method, method);
}

static size_t slashes_in(struct syn_str path)
{
    size_t count = 0;
    for (size_t i = 0; i < path.bytes; i++) {
        count += path.at[i] == '/' ? 1 : 0;
    }
    return count;
}

/* Where `word` begins; the length of the text when it is not there. */
static size_t find_word(struct syn_str text, const char *word, size_t from)
{
    const size_t bytes = strlen(word);
    for (size_t i = from; i + bytes <= text.bytes; i++) {
        if (memcmp(text.at + i, word, bytes) == 0) {
            return i;
        }
    }
    return text.bytes;
}

/* `bytes` of the body from `at` on become `word`; as it was without memory. */
static void splice(struct syn_shaping *shaping, size_t at, size_t bytes,
                   struct syn_str word)
{
    const struct syn_str body = shaping->body;
    const struct syn_str tail = syn_str_from(body, at + bytes);
    const struct syn_str other =
        syn_arena_printf(shaping->arena, "%.*s%.*s%.*s", (int)at, body.at,
                         SYN_STR_ARG(word), SYN_STR_ARG(tail));
    if (other.at != NULL) {
        shaping->body = other;
    }
}

static void replace_word(struct syn_shaping *shaping, const char *from,
                         const char *to)
{
    const size_t at = find_word(shaping->body, from, 0);
    if (at < shaping->body.bytes) {
        splice(shaping, at, strlen(from), syn_str_of(to));
    }
}

/* --- bodies --------------------------------------------------------------- */

static void add_member(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    if (shaping->plane == SYN_PLANE_REST) {
        replace_word(shaping,
                     ",\"created_by\":", ",\"etag\":\"\",\"created_by\":");
    }
}

static void plant_more(struct syn_seams *seams)
{
    seams->shape_reply = add_member;
}

static void hide_maker(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    if (shaping->plane == SYN_PLANE_REST &&
        find_word(shaping->target, "/Items", 0) < shaping->target.bytes) {
        replace_word(shaping, "\"created_by\":\"system\"",
                     "\"created_by\":\"\"");
    }
}

/* Whoever made it: the backend did. */
static void name_backend(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    const struct syn_str word = SYN_STR("\"created_by\":\"");
    const size_t from = find_word(shaping->body, word.at, 0) + word.bytes;
    if (shaping->plane == SYN_PLANE_REST && from < shaping->body.bytes) {
        splice(shaping, from, syn_str_find(shaping->body, '"', from) - from,
               SYN_STR("system"));
    }
}

static void plant_backend_made(struct syn_seams *seams)
{
    seams->shape_reply = name_backend;
}

static void plant_no_maker(struct syn_seams *seams)
{
    seams->shape_reply = hide_maker;
}

static void misplace_links(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    const size_t at = find_word(shaping->body, "\"links\":", 0);
    const size_t path = find_word(shaping->body, "/v1/Services/", at);
    if (shaping->plane == SYN_PLANE_REST && path < shaping->body.bytes) {
        splice(shaping, path, strlen("/v1/Services/"), SYN_STR("/v1/Service/"));
        replace_word(shaping, "\"url\":\"http", "\"url\":\"/http");
    }
}

static void plant_lost_links(struct syn_seams *seams)
{
    seams->shape_reply = misplace_links;
}

static void answer_name_otherwise(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    const size_t part = shaping->target.bytes - SID_BYTES;
    const bool is_sid = shaping->target.bytes > SID_BYTES &&
                        shaping->target.at[part - 1] == '/';
    if (is_rest(shaping, "GET") && !is_sid &&
        slashes_in(shaping->target) == OBJECT_SLASHES) {
        replace_word(shaping, "\"unique_name\":\"", "\"unique_name\":\"/");
    }
}

static void plant_name_otherwise(struct syn_seams *seams)
{
    seams->shape_reply = answer_name_otherwise;
}

/* As a parser does that keeps every number in a double. */
static void round_numbers(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    size_t run = 0;
    size_t at = find_word(shaping->body, "\"data\":", 0);
    bool is_text = false;
    for (; at < shaping->body.bytes; at++) {
        const char c = shaping->body.at[at];
        is_text = c == '"' ? !is_text : is_text;
        run = !is_text && c >= '0' && c <= '9' ? run + 1 : 0;
        if (run > EXACT_DIGITS && c != '0') {
            splice(shaping, at, 1, SYN_STR("0"));
        }
    }
}

static void plant_rounded(struct syn_seams *seams)
{
    seams->shape_reply = round_numbers;
}

#define DATE_BYTES 20 /* 2026-01-01T00:00:00Z */

static void move_both_dates(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    const char *created = "\"date_created\":\"";
    const char *updated = "\"date_updated\":\"";
    const size_t to = find_word(shaping->body, created, 0) + strlen(created);
    const size_t from = find_word(shaping->body, updated, 0) + strlen(updated);
    if (is_rest(shaping, "GET") && to < shaping->body.bytes &&
        from + DATE_BYTES < shaping->body.bytes) {
        splice(shaping, to, DATE_BYTES,
               syn_str_part(shaping->body, from, DATE_BYTES));
    }
}

static void plant_both_dates(struct syn_seams *seams)
{
    seams->shape_reply = move_both_dates;
}

static void hide_status(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    if (shaping->plane == SYN_PLANE_REST &&
        shaping->http_status >= HTTP_REFUSED) {
        replace_word(shaping, "\"status\":", "\"http\":");
    }
}

static void plant_no_status(struct syn_seams *seams)
{
    seams->shape_reply = hide_status;
}

/* --- revisions ------------------------------------------------------------ */

static void freeze_etag(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    if (shaping->etag != NULL && shaping->etag[0] != '\0') {
        memcpy(shaping->etag, "\"0\"", sizeof("\"0\""));
    }
}

static void plant_frozen_etag(struct syn_seams *seams)
{
    seams->shape_reply = freeze_etag;
}

static bool fits_never(void *ctx, const struct syn_object *object,
                       const struct syn_item *item, struct syn_str if_match,
                       struct syn_str revision)
{
    (void)ctx;
    (void)object;
    (void)item;
    (void)if_match;
    (void)revision;
    return false;
}

static void plant_never_holds(struct syn_seams *seams)
{
    seams->rules.revision_fits = fits_never;
}

static void freeze_container(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    const char *word = "\"revision\":\"";
    const size_t at = find_word(shaping->body, word, 0) + strlen(word);
    if (is_rest(shaping, "GET") && at < shaping->body.bytes &&
        slashes_in(shaping->target) == OBJECT_SLASHES &&
        find_word(shaping->target, "/Documents/", 0) == shaping->target.bytes) {
        const size_t end = find_word(shaping->body, "\"", at);
        splice(shaping, at, end - at, SYN_STR("0"));
    }
}

static void plant_frozen_container(struct syn_seams *seams)
{
    seams->shape_reply = freeze_container;
}

/* --- statuses ------------------------------------------------------------- */

static void tell(struct syn_shaping *shaping, unsigned when, unsigned instead)
{
    if (shaping->plane == SYN_PLANE_REST && shaping->http_status == when) {
        shaping->http_status = instead;
    }
}

static void accept_refused(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    tell(shaping, HTTP_REFUSED, HTTP_OK);
}

static void plant_refusals_200(struct syn_seams *seams)
{
    seams->shape_reply = accept_refused;
}

static void accept_conflict(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    tell(shaping, HTTP_CONFLICT, HTTP_CREATED);
}

static void plant_conflicts_201(struct syn_seams *seams)
{
    seams->shape_reply = accept_conflict;
}

/* As if an update made what is not there. */
static void accept_missing(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    if (is_rest(shaping, "POST")) {
        tell(shaping, HTTP_MISSING, HTTP_OK);
    }
}

static void plant_missing_200(struct syn_seams *seams)
{
    seams->shape_reply = accept_missing;
}

static void answer_gone(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    if (is_rest(shaping, "GET")) {
        tell(shaping, HTTP_MISSING, HTTP_OK);
    }
}

static void plant_gone_200(struct syn_seams *seams)
{
    seams->shape_reply = answer_gone;
}

static bool admit_all(void *ctx, struct syn_str user, struct syn_str password,
                      bool is_known_pair)
{
    (void)ctx;
    (void)user;
    (void)password;
    (void)is_known_pair;
    return true;
}

static void plant_any_password(struct syn_seams *seams)
{
    seams->admit_rest = admit_all;
}

/* --- listings ------------------------------------------------------------- */

static void cut_first(struct syn_shaping *shaping)
{
    const char *word = "\"items\":[";
    const size_t at = find_word(shaping->body, word, 0) + strlen(word);
    const size_t next = find_word(shaping->body, "},{\"", at);
    if (next < shaping->body.bytes) {
        splice(shaping, at, next + strlen("},") - at, SYN_STR(""));
    }
}

static void lose_first(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    if (is_rest(shaping, "GET")) {
        cut_first(shaping);
    }
}

static void plant_first_lost(struct syn_seams *seams)
{
    seams->shape_reply = lose_first;
}

static void hide_next(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    const char *word = "\"next_page_url\":\"";
    const size_t at = find_word(shaping->body, word, 0);
    if (is_rest(shaping, "GET") && at < shaping->body.bytes) {
        const size_t end = find_word(shaping->body, "\"", at + strlen(word));
        splice(shaping, at, end + 1 - at, SYN_STR("\"next_page_url\":null"));
    }
}

static void plant_no_next(struct syn_seams *seams)
{
    seams->shape_reply = hide_next;
}

/* --- the SDK plane -------------------------------------------------------- */

static void rename_url(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    if (shaping->plane == SYN_PLANE_SDK) {
        replace_word(shaping, "\"url\":", "\"href\":");
    }
}

static void plant_no_url(struct syn_seams *seams)
{
    seams->shape_reply = rename_url;
}

static void rename_sid(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    replace_word(shaping, "{\"sid\":\"TZ", "{\"id\":\"TZ");
}

static void plant_no_message_sid(struct syn_seams *seams)
{
    seams->shape_reply = rename_sid;
}

static void lose_first_of_query(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    if (shaping->plane == SYN_PLANE_SDK) {
        cut_first(shaping);
    }
}

static void plant_query_loses(struct syn_seams *seams)
{
    seams->shape_reply = lose_first_of_query;
}

/* --- indices -------------------------------------------------------------- */

/* The index of an item that was just added, as told to its maker. */
static void tell_index_before(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    if (is_rest(shaping, "POST") && shaping->http_status == HTTP_CREATED) {
        replace_word(shaping, "\"index\":2", "\"index\":1");
        replace_word(shaping, "\"index\":4", "\"index\":2");
    }
}

static void plant_index_before(struct syn_seams *seams)
{
    seams->shape_reply = tell_index_before;
}

/* --- items ---------------------------------------------------------------- */

static bool is_item_update(const struct syn_shaping *shaping)
{
    return syn_str_is(shaping->method, "POST") &&
           shaping->http_status == HTTP_OK &&
           find_word(shaping->target, "/Items/", 0) < shaping->target.bytes;
}

/* As when the reply is made of the row that was read before the write. */
static void tell_older_revision(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    const char *word = "\"revision\":\"";
    const size_t at = find_word(shaping->body, word, 0) + strlen(word);
    if (!is_item_update(shaping) || at >= shaping->body.bytes) {
        return;
    }
    const uint64_t revision = strtoull(shaping->body.at + at, NULL, HEX);
    const size_t end = find_word(shaping->body, "\"", at);
    if (revision > 0) {
        splice(shaping, at, end - at,
               syn_arena_printf(shaping->arena, "%" PRIx64, revision - 1));
    }
}

static void plant_older_revision(struct syn_seams *seams)
{
    seams->shape_reply = tell_older_revision;
}

static void tag_item_before(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    if (shaping->etag == NULL || shaping->etag[0] != '"' ||
        !is_item_update(shaping)) {
        return;
    }
    const uint64_t revision = strtoull(shaping->etag + 1, NULL, HEX);
    if (revision > 0) {
        (void)snprintf(shaping->etag, SYN_REVISION_BYTES, "\"%" PRIx64 "\"",
                       revision - 1);
    }
}

static void plant_item_etag(struct syn_seams *seams)
{
    seams->shape_reply = tag_item_before;
}

static const struct syn_defect rows[] = {
    {"body-has-more", "Bodies have a member that is not published", "REST-12",
     plant_more},
    {"items-without-maker", "Items do not say who made them", "REST-12",
     plant_no_maker},
    {"made-by-backend", "The backend is told to have made everything",
     "REST-11", plant_backend_made},
    {"links-lead-nowhere", "url and links cannot be followed", "REST-13",
     plant_lost_links},
    {"name-answers-otherwise", "A name answers another body than the sid",
     "REST-14", plant_name_otherwise},
    {"long-numbers-rounded", "Numbers of many digits come back rounded",
     "REST-23", plant_rounded},
    {"update-moves-both-dates", "An update moves date_created as well",
     "REST-70", plant_both_dates},
    {"errors-without-status", "The body of an error lacks `status`", "REST-06",
     plant_no_status},
    {"etag-stands-still", "The ETag is the same after an update", "REST-26",
     plant_frozen_etag},
    {"condition-never-holds", "An update with the current revision is refused",
     "REST-28", plant_never_holds},
    {"container-revision-stands-still",
     "The revision of a list or map never changes", "REST-69",
     plant_frozen_container},
    {"refusals-answer-200", "What is refused is answered with 200", "REST-34",
     plant_refusals_200},
    {"conflicts-answer-201", "A conflict is answered with 201", "REST-15",
     plant_conflicts_201},
    {"missing-answers-200", "Updating what is not there is answered with 200",
     "REST-39", plant_missing_200},
    {"gone-answers-200", "Fetching what is gone is answered with 200",
     "REST-59", plant_gone_200},
    {"any-password-admitted", "REST takes any user and password", "REST-02",
     plant_any_password},
    {"listing-loses-first", "A listing of items lacks its first", "REST-43",
     plant_first_lost},
    {"listing-without-next", "A listing never says where it goes on", "REST-48",
     plant_no_next},
    {"index-of-the-item-before", "A new item is told with an older index",
     "REST-35", plant_index_before},
    {"sdk-bodies-without-url", "Objects and items come without their url",
     "REST-13", plant_no_url},
    {"messages-without-sid", "A message is answered without its sid", "REST-61",
     plant_no_message_sid},
    {"item-told-with-older-revision",
     "The reply to an update of an item tells the revision of before",
     "REST-24", plant_older_revision},
    {"item-etag-of-before", "The ETag of an item's update is that of before",
     "REST-26", plant_item_etag},
    {"query-loses-first", "A query of items lacks its first", "REST-43",
     plant_query_loses},
};
SYN_DEFECT_TABLE(syn_defects_shape, rows);
