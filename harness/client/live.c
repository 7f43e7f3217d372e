/*
 * live.c - every action over the SDK plane.
 *
 * Requests are made from one table. As the SDK does, an object that has been
 * created or opened is addressed by the `url` and `links` of that answer; any
 * other by the paths that the service's configuration announces.
 */
#include "client/client_impl.h"
#include "net/http.h"
#include "syn/limits.h"

#include <string.h>

enum place { AT_COLLECTION, AT_OPEN, AT_SELF, AT_ITEMS, AT_ITEM, AT_MESSAGES };

#define WITH_NAME 1u
#define WITH_DATA 2u
#define WITH_TTL  4u
#define WITH_KEY  8u

struct shape {
    const char *method; /* NULL: no request */
    enum place place;
    unsigned body;
};

static const struct shape shapes[SYN_OP_COUNT] = {
    [SYN_OP_CREATE] = {"POST", AT_COLLECTION, WITH_NAME | WITH_DATA | WITH_TTL},
    [SYN_OP_OPEN] = {"GET", AT_OPEN, 0},
    [SYN_OP_UPDATE] = {"POST", AT_SELF, WITH_DATA | WITH_TTL},
    [SYN_OP_TTL] = {"POST", AT_SELF, WITH_TTL},
    [SYN_OP_REMOVE] = {"DELETE", AT_SELF, 0},
    [SYN_OP_ITEM_READ] = {"GET", AT_ITEMS, 0},
    [SYN_OP_QUERY] = {"GET", AT_ITEMS, 0},
    [SYN_OP_ITEM_ADD] = {"POST", AT_ITEMS, WITH_KEY | WITH_DATA | WITH_TTL},
    [SYN_OP_ITEM_UPDATE] = {"POST", AT_ITEM, WITH_DATA | WITH_TTL},
    [SYN_OP_ITEM_REMOVE] = {"DELETE", AT_ITEM, 0},
    [SYN_OP_ITEM_TTL] = {"POST", AT_ITEM, WITH_TTL},
    [SYN_OP_PUBLISH] = {"POST", AT_MESSAGES, WITH_DATA},
};

/* The SDK's `set` of a map item: PUT on the item, key in the path alone. */
static const struct shape put_item = {"PUT", AT_ITEM, WITH_DATA | WITH_TTL};

/* What other clients do with an item's `url`. */
static const struct shape fetch_item = {"GET", AT_ITEM, 0};

static const struct shape *shape_of(const struct syn_action *action)
{
    if (action->is_at_url && action->op == SYN_OP_ITEM_READ) {
        return &fetch_item;
    }
    SYN_ASSERT(!action->is_put || action->on != NULL);
    bool is_set =
        action->is_put && action->on->type == SYN_TYPE_MAP &&
        (action->op == SYN_OP_ITEM_ADD || action->op == SYN_OP_ITEM_UPDATE);
    return is_set ? &put_item : &shapes[action->op];
}

/* --- what answers told -----------------------------------------------------
 */

static struct syn_client_root *find_root(const struct syn_client *client,
                                         struct syn_str sid)
{
    struct syn_client_root *root = client->roots;
    while (root != NULL && !syn_str_is_equal(root->sid, sid)) {
        root = root->next;
    }
    return root;
}

/* The path of an absolute URL; empty when it is none. */
static struct syn_str path_of_url(struct syn_str url)
{
    size_t scheme = syn_str_find(url, ':', 0);
    size_t slash = 0;
    if (!syn_str_has_prefix(syn_str_from(url, scheme), SYN_STR("://"))) {
        return (struct syn_str){0};
    }
    slash = syn_str_find(url, '/', scheme + 3);
    return syn_str_part(url, slash, syn_str_find(url, '?', slash) - slash);
}

static void learn_links(struct syn_client *client,
                        const struct syn_reply *reply)
{
    struct syn_str sid = syn_reply_str(reply, "/sid");
    struct syn_client_root *root = find_root(client, sid);
    if (!syn_reply_is_ok(reply) || sid.bytes == 0) {
        return;
    }
    if (root == NULL) {
        root = syn_arena_alloc(client->world->arena, sizeof *root);
        if (root == NULL) {
            return; /* the announced paths will do */
        }
        root->next = client->roots;
        client->roots = root;
    }
    root->sid = sid;
    root->self = path_of_url(syn_reply_str(reply, "/url"));
    root->items = path_of_url(syn_reply_str(reply, "/links/items"));
    root->messages = path_of_url(syn_reply_str(reply, "/links/messages"));
}

/* --- paths -----------------------------------------------------------------
 */

static const char *service_of(const struct syn_client *client)
{
    return client->options.service_sid != NULL ? client->options.service_sid
                                               : client->world->service_sid;
}

static struct syn_str known_path(const struct syn_client *client,
                                 const struct syn_action *action,
                                 enum place place)
{
    const struct syn_client_root *root =
        action->by == SYN_BY_SID
            ? find_root(client, syn_str_of(action->on->sid))
            : NULL;
    if (root == NULL || place == AT_COLLECTION || place == AT_OPEN) {
        return (struct syn_str){0};
    }
    if (place == AT_SELF) {
        return root->self;
    }
    return place == AT_MESSAGES ? root->messages : root->items;
}

/* "/v3/Documents/ET…" to create and open, "/v3/Services/IS…/Documents/ET…" for
 * everything else. */
static void put_announced(const struct syn_client *client, struct syn_buf *buf,
                          const struct syn_action *action, enum place place)
{
    const struct syn_thing *thing = action->on;
    bool is_short = place == AT_COLLECTION || place == AT_OPEN ||
                    service_of(client) == NULL;
    syn_buf_put_text(buf, "/v3/");
    if (!is_short) {
        syn_buf_put_text(buf, "Services/");
        syn_part_put_segment(buf, syn_str_of(service_of(client)));
        syn_buf_put_text(buf, "/");
    }
    syn_buf_put_text(buf, syn_backend_kind(thing->type));
    if (place != AT_COLLECTION) {
        syn_buf_put_text(buf, "/");
        syn_part_put_segment(buf, syn_part_id(thing, action->by));
    }
    if (place == AT_MESSAGES) {
        syn_buf_put_text(buf, "/Messages");
    } else if (place == AT_ITEMS || place == AT_ITEM) {
        syn_buf_put_text(buf, "/Items");
    }
}

static void put_path(const struct syn_client *client, struct syn_buf *buf,
                     const struct syn_action *action, enum place place)
{
    struct syn_str known = known_path(client, action, place);
    if (known.bytes > 0) {
        syn_buf_put(buf, known);
    } else {
        put_announced(client, buf, action, place);
    }
    if (place == AT_ITEM) {
        syn_buf_put_text(buf, "/");
        syn_part_put_item(buf, action);
    }
}

static void put_query(struct syn_buf *buf, const struct syn_action *action)
{
    const bool is_map = action->on->type == SYN_TYPE_MAP;
    const bool is_one = action->op == SYN_OP_ITEM_READ && !action->is_at_url;
    if (action->op != SYN_OP_QUERY && !is_one) {
        return;
    }
    syn_buf_put_text(buf, "HideExpired=true");
    if (!is_one && !action->is_from) {
        return;
    }
    syn_buf_put_text(buf, !is_one ? "&From=" : is_map ? "&Key=" : "&Index=");
    if (is_map) {
        syn_http_encode(buf, syn_str_of(action->key));
    } else {
        syn_buf_put_i64(buf, action->index);
    }
}

/* --- bodies ----------------------------------------------------------------
 */

/* Only documents are created with data; "" leaves it out. */
static bool has_data(const struct syn_action *action)
{
    bool is_bare_create =
        action->op == SYN_OP_CREATE && action->on->type != SYN_TYPE_DOCUMENT;
    bool is_left_out = action->data != NULL && action->data[0] == '\0';
    return (shape_of(action)->body & WITH_DATA) != 0 && !is_bare_create &&
           !is_left_out;
}

/* `data` goes out as the row gave it, even when it is no JSON. */
static void put_body(struct syn_client *client, struct syn_buf *buf,
                     const struct syn_action *action)
{
    unsigned parts = shape_of(action)->body;
    struct syn_json_writer w;
    syn_json_writer_init(&w, buf);
    syn_json_open_object(&w, NULL);
    if ((parts & WITH_NAME) != 0 && action->on->name.bytes > 0) {
        syn_json_write_str(&w, "unique_name", action->on->name);
    }
    if ((parts & WITH_KEY) != 0 && action->on->type == SYN_TYPE_MAP) {
        syn_json_write_str(&w, "key", syn_str_of(action->key));
    }
    if (has_data(action)) {
        syn_json_write_raw(&w, "data",
                           syn_part_data(client->world, action, client->n++));
    }
    int64_t ttl_s = 0;
    if ((parts & WITH_TTL) != 0 &&
        syn_part_ttl(client->world, action, &ttl_s)) {
        syn_json_write_i64(&w, "ttl", ttl_s);
    }
    syn_json_close_object(&w);
}

static void send_action(struct syn_client *client,
                        const struct syn_action *action)
{
    const struct shape *shape = shape_of(action);
    client->begun = SYN_ERR_LIMIT;
    struct syn_buf path;
    struct syn_buf query;
    struct syn_buf body;
    syn_buf_init(&path, NULL, SYN_PART_PATH_BYTES_MAX);
    syn_buf_init(&query, NULL, SYN_PART_PATH_BYTES_MAX);
    syn_buf_init(&body, NULL, SYN_STREAM_QUEUE_BYTES_MAX);
    put_path(client, &path, action, shape->place);
    put_query(&query, action);
    if (shape->body != 0) {
        put_body(client, &body, action);
    }
    if (path.status == SYN_OK && query.status == SYN_OK &&
        body.status == SYN_OK) {
        struct syn_client_errand errand = {.method = shape->method,
                                           .path = syn_buf_str(&path),
                                           .query = syn_buf_str(&query),
                                           .if_match = action->if_match};
        if (shape->body != 0) {
            errand.body = syn_buf_str(&body);
        }
        syn_client_send(client, &errand);
    }
    syn_buf_fini(&path);
    syn_buf_fini(&query);
    syn_buf_fini(&body);
}

void syn_client_start(struct syn_client *client,
                      const struct syn_action *action)
{
    client->pending = *action;
    client->begun = SYN_ERR_ARG;
    if (syn_part_is_possible(action)) {
        send_action(client, action);
    }
}

struct syn_reply syn_client_finish(struct syn_client *client)
{
    const struct syn_world *world = client->world;
    const struct syn_action *action = &client->pending;
    struct syn_reply reply = syn_client_end(client);
    for (unsigned i = 0; client->is_unpaced && i < SYN_BACK_OFF_TRIES_MAX;
         i++) {
        send_action(client, action);
        reply = syn_client_end(client);
    }
    if (syn_part_is_possible(action)) {
        syn_part_learn(action, &reply);
        syn_cache_reply(client, action, &reply);
    }
    if (reply.status == SYN_OK &&
        (action->op == SYN_OP_CREATE || action->op == SYN_OP_OPEN)) {
        learn_links(client, &reply);
    }
    if (world->acted != NULL) {
        world->acted(world->ctx, client->identity, action, &reply);
    }
    return reply;
}

struct syn_reply syn_client_do(struct syn_client *client,
                               const struct syn_action *action)
{
    if (action->op == SYN_OP_SUBSCRIBE && action->on != NULL) {
        return syn_client_subscribe(client, action->on, SYN_SDK_NO_EVENT);
    }
    syn_client_start(client, action);
    return syn_client_finish(client);
}
