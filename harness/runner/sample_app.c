/*
 * sample_app.c - GET /items shows what was read once, less what has expired.
 *
 * Dates of the service are UTC in one form, so they compare as texts.
 */
#include "runner/sample_app.h"

#include "base/clock.h"
#include "client/outcall.h"
#include "runner/sample_server.h"

#include <stdlib.h>

#define OK        200
#define NOT_FOUND 404

struct syn_app {
    struct syn_world *world;
    struct syn_sample_server *server;
    const struct syn_json *items; /* as read */
    bool hides_expired;
};

static bool has_expired(const struct syn_app *app, const struct syn_json *item)
{
    char now[SYN_CLOCK_ISO_BYTES];
    struct syn_str date =
        syn_json_str(syn_json_member(item, "date_expires"), SYN_STR(""));
    syn_clock_format_s(syn_clock_now_ms(syn_loop_clock(app->world->loop)), now);
    return date.bytes > 0 && syn_str_compare(date, syn_str_of(now)) <= 0;
}

static void put_items(const struct syn_app *app, struct syn_buf *out)
{
    const struct syn_json *item = syn_json_first(app->items);
    const char *separator = "";
    syn_buf_put_text(out, "{\"items\":[");
    for (; item != NULL; item = syn_json_next(item)) {
        if (app->hides_expired && has_expired(app, item)) {
            continue;
        }
        syn_buf_put_text(out, separator);
        syn_json_print(out, item);
        separator = ",";
    }
    syn_buf_put_text(out, "]}");
}

static void answer(void *ctx, const struct syn_http_message *request,
                   struct syn_sample_answer *out)
{
    const struct syn_app *app = ctx;
    out->status = syn_str_is(request->target, "/items") ? OK : NOT_FOUND;
    if (out->status == OK) {
        syn_buf_put_text(&out->headers, "Content-Type: application/json\r\n");
        put_items(app, &out->body);
    }
}

syn_status syn_app_start(struct syn_world *world,
                         const struct syn_instance *sample,
                         struct syn_str items, struct syn_app **out)
{
    const struct syn_json *page = NULL;
    const struct syn_json *settings =
        syn_instance_settings(world->arena, sample);
    if (syn_json_parse(world->arena, items, NULL, &page, NULL) != SYN_OK) {
        return SYN_ERR_PARSE;
    }
    struct syn_app *app = calloc(1, sizeof *app);
    if (app == NULL) {
        return SYN_ERR_MEMORY;
    }
    app->world = world;
    app->items = syn_json_member(page, "items");
    app->hides_expired =
        syn_json_bool(syn_json_member(settings, "hides_expired"), false);
    syn_status st =
        syn_sample_server_start(world->loop, answer, app, &app->server);
    if (st != SYN_OK) {
        free(app);
        return st;
    }
    *out = app;
    return SYN_OK;
}

void syn_app_stop(struct syn_app *app)
{
    if (app != NULL) {
        syn_sample_server_stop(app->server);
        free(app);
    }
}

struct syn_reply syn_app_items(struct syn_app *app)
{
    struct syn_str url =
        syn_arena_printf(app->world->arena, "http://127.0.0.1:%u/items",
                         (unsigned)syn_sample_server_port(app->server));
    SYN_ASSERT(url.at != NULL);
    const struct syn_outcall call = {
        .actor = "app", .method = "GET", .url = url.at};
    return syn_outcall_run(app->world, &call, NULL);
}
