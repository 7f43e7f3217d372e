/*
 * What subscribers are told, member by member (SDK-08, ACL-50).
 * An app shows what events say, and asks by the ids and urls in them: each has
 * to fit the answer that the writer got.
 */
#include "syn/mark.h"
#include "syn/scenario.h"

#define APART_S 2
#define DOC     (1u << SYN_TYPE_DOCUMENT)
#define STREAM  (1u << SYN_TYPE_STREAM)

/* A step of a life, by the types that know it. */
static const struct step {
    enum syn_op op;
    unsigned types;
    bool is_item, is_removal;
    const char *event; /* after the name of the type */
} steps[] = {
    {SYN_OP_ITEM_ADD, SYN_TYPES_CONTAINER, true, false, "item_added"},
    {SYN_OP_ITEM_UPDATE, SYN_TYPES_CONTAINER, true, false, "item_updated"},
    {SYN_OP_ITEM_REMOVE, SYN_TYPES_CONTAINER, true, true, "item_removed"},
    {SYN_OP_UPDATE, DOC, false, false, "updated"},
    {SYN_OP_PUBLISH, STREAM, false, false, "message_published"},
    {SYN_OP_REMOVE, SYN_TYPES_ALL, false, true, "removed"},
};
#define STEPS (sizeof(steps) / sizeof(steps[0]))

struct told {
    struct syn_run *run;
    const struct step *step;
    const struct syn_thing *thing;
    struct syn_reply event; /* its body is the event */
    struct syn_reply reply; /* to whoever caused it */
};

static const char *member(const struct told *told, const char *name)
{
    return syn_run_text(told->run, "/%s_%s", syn_type_name(told->thing->type),
                        name);
}

static void expect_same(const struct told *told, const char *in_event,
                        const char *in_reply)
{
    EXPECT_STR(told->run,
               syn_run_text(told->run, "%s of %s_%s", in_event,
                            syn_type_name(told->thing->type),
                            told->step->event),
               syn_reply_str(&told->event, in_event), ==,
               syn_reply_str(&told->reply, in_reply));
}

static void expect_object(const struct told *told)
{
    struct syn_run *run = told->run;
    EXPECT_STR(run, "the sid in the event",
               syn_reply_str(&told->event, member(told, "sid")), ==,
               syn_str_of(told->thing->sid));
    if (syn_run_is_reference(run) ||
        syn_reply_has(&told->event, member(told, "unique_name"))) {
        EXPECT_STR(run, "the unique name in the event",
                   syn_reply_str(&told->event, member(told, "unique_name")), ==,
                   told->thing->name);
    }
    EXPECT_TRUE(run, "the event has its time",
                syn_reply_str(&told->event, "/date_created").bytes > 0);
}

/* The header that dispatches it to a handler in the vendor's client. */
static void expect_head(const struct told *told, struct syn_str text)
{
    struct syn_run *run = told->run;
    const struct syn_reply head = {
        .http = 200, .body = text, .arena = told->reply.arena};
    const bool is_stream = told->thing->type == SYN_TYPE_STREAM;
    const char *type = is_stream
                           ? "twilio.sync.event"
                           : syn_run_text(run, "com.twilio.rtd.cds.%s",
                                          syn_type_name(told->thing->type));
    EXPECT_STR(run, "its method", syn_reply_str(&head, "/method"), ==,
               SYN_STR("notification"));
    EXPECT_TRUE(run, "its payload_type is JSON's, parameters or not",
                syn_str_has_prefix(syn_reply_str(&head, "/payload_type"),
                                   SYN_STR("application/json")));
    EXPECT_TRUE(
        run, "it has an id of its own",
        syn_str_has_prefix(syn_reply_str(&head, "/id"),
                           syn_str_of(syn_run_is_reference(run) ? "TM" : "")) &&
            syn_reply_str(&head, "/id").bytes > 0);
    (void)syn_expect_str(
        run, (struct syn_aspect){SYN_SITE, SYN_SIGNAL, "its message_type"},
        syn_reply_str(&head, "/message_type"), "==", syn_str_of(type));
}

static void expect_item(const struct told *told)
{
    struct syn_run *run = told->run;
    EXPECT_TRUE(run, "the data of the item is in the event",
                syn_reply_has(&told->event, "/item_data"));
    if (told->thing->type == SYN_TYPE_MAP) {
        EXPECT_STR(run, "its key", syn_reply_str(&told->event, "/item_key"), ==,
                   SYN_STR("a/b"));
    } else {
        EXPECT_INT(run, "its index",
                   syn_reply_i64(&told->event, "/item_index", -9), ==,
                   told->thing->item_index);
    }
    if (!told->step->is_removal) {
        expect_same(told, "/item_url", "/url");
        expect_same(told, "/item_revision", "/revision");
    }
}

/* The event of a change that has a reply with the newest state. */
static void expect_change(const struct told *told, int64_t *last_id)
{
    struct syn_run *run = told->run;
    const int64_t id = syn_reply_i64(&told->event, "/id", -9);
    const bool is_stream = told->thing->type == SYN_TYPE_STREAM;
    if (!is_stream) {
        EXPECT_INT(run, "its id", id, ==, *last_id + 1);
        *last_id = id;
    }
    if (told->step->op == SYN_OP_PUBLISH) {
        expect_same(told, "/message_sid", "/sid");
        EXPECT_TRUE(run, "the message is in the event",
                    syn_reply_has_text(&told->event, told->thing->canary));
    } else if (told->step->op != SYN_OP_REMOVE) {
        EXPECT_INT(run, "the last event id of the answer",
                   syn_reply_i64(&told->reply, "/last_event_id", -9), ==, id);
        expect_same(told, "/date_created", "/date_updated");
    }
    if (told->step->op == SYN_OP_UPDATE) {
        expect_same(told, "/document_revision", "/revision");
        EXPECT_TRUE(run, "the data is in the event",
                    syn_reply_has_text(&told->event, told->thing->canary));
    }
    if (!told->step->is_removal && !is_stream) {
        expect_same(told, "/date_expires", "/date_expires");
    }
}

/* The revision of the container in the event is what it has then. */
static void expect_revision(const struct told *told, struct syn_client *user)
{
    struct syn_thing thing = *told->thing;
    struct syn_reply root = syn_client_do(user, OP_ON(OPEN, &thing));
    EXPECT_ALLOWED(told->run, "the container is opened", root);
    EXPECT_STR(told->run, "the revision of the container",
               syn_reply_str(&told->event, member(told, "revision")), ==,
               syn_reply_str(&root, "/revision"));
    EXPECT_STR(told->run, "the ETag of the container", root.etag, ==,
               syn_reply_str(&root, "/revision"));
}

static void events(struct syn_run *run)
{
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_client *ear = syn_run_client(run, "ear");
    struct syn_thing thing = syn_run_thing(run, "told");
    struct syn_reply made = syn_client_do(ann, OP_ON(CREATE, &thing));
    int64_t last_id = syn_reply_i64(&made, "/last_event_id", -1);
    size_t heard = 0;
    REQUIRE_CONTROL(run, "ann creates", made);
    REQUIRE_CONTROL(run, "ear subscribes",
                    syn_client_subscribe(ear, &thing, -2));
    for (size_t i = 0; i < STEPS; i++) {
        if ((steps[i].types & SYN_TYPE_BIT(thing.type)) == 0) {
            continue;
        }
        struct told told = {.run = run, .step = &steps[i], .thing = &thing};
        struct syn_action act = {.op = steps[i].op,
                                 .on = &thing,
                                 .key = "a/b",
                                 .index = thing.item_index};
        syn_run_pass_s(run, APART_S);
        told.reply = syn_client_do(ann, &act);
        REQUIRE_CONTROL(run, "ann takes the step", told.reply);
        REQUIRE_TRUE(run, "ear hears it",
                     syn_client_await(ear, &thing, ++heard));
        const struct syn_heard *event =
            syn_client_heard_at(ear, &thing, heard - 1);
        told.event = (struct syn_reply){
            .http = 200, .body = event->body, .arena = told.reply.arena};
        EXPECT_STR(
            run, "the kind of the event", event->event_type, ==,
            syn_str_of(syn_run_text(run, "%s_%s", syn_type_name(thing.type),
                                    steps[i].event)));
        expect_head(&told, event->head);
        expect_object(&told);
        expect_change(&told, &last_id);
        if (steps[i].is_item) {
            expect_item(&told);
            expect_revision(&told, ann);
        }
    }
}

/* ACL-50: whoever may not read any more need not be told so (ACL-51); if it is,
 * the notice can be read and names the object. */
static void cut(struct syn_run *run)
{
    struct syn_backend *backend = syn_run_backend(run);
    struct syn_client *ann = syn_run_client(run, "ann");
    struct syn_thing thing = syn_run_thing(run, "told");
    const char *name = syn_client_identity(ann);
    REQUIRE_ALLOWED(run, "backend creates",
                    syn_backend_do(backend, OP_ON(CREATE, &thing)));
    REQUIRE_ALLOWED(run, "granted",
                    syn_backend_grant(backend, &thing, name, SYN_RIGHT_READ));
    REQUIRE_CONTROL(run, "ann subscribes",
                    syn_client_subscribe(ann, &thing, -2));
    REQUIRE_ALLOWED(run, "revoked", syn_backend_revoke(backend, &thing, name));
    syn_run_pass_s(run, syn_run_bound_s(run, SYN_BOUND_REVOKE_S));
    REQUIRE_TRUE(run, "the session answers", syn_client_fence(ann));
    EXPECT_DENIED(run, "ann opens", syn_client_do(ann, OP_ON(OPEN, &thing)),
                  &thing);
    struct syn_action change = syn_mark_change(run, &thing, 1);
    REQUIRE_ALLOWED(run, "a change", syn_backend_do(backend, &change));
    REQUIRE_TRUE(run, "the session answers again", syn_client_fence(ann));
    EXPECT_INT(run, "changes heard behind the end",
               (int64_t)syn_client_heard(ann, &thing), ==, 0);
    const bool is_told = syn_client_saw(ann, SYN_STR("subscription_canceled"));
    const size_t count = syn_client_outcomes(ann, &thing);
    EXPECT_INT(run, "notices of the end that can be read",
               (int64_t)syn_client_cancels(ann, &thing), ==, is_told ? 1 : 0);
    if (is_told && count > 0) {
        struct syn_reply notice = syn_client_outcome_at(ann, &thing, count - 1);
        EXPECT_STR(run, "the type that it names",
                   syn_reply_str(&notice, "/0/object_type"), ==,
                   syn_str_of(syn_type_name(thing.type)));
    }
}

#define TOLD_ROW                                               \
    .subject = SYN_SUBJECT_SERVICE, .level = SYN_LEVEL_SHOULD, \
    .safety = SYN_SAFE_NAMESPACED, .estimate_s = 10

static const struct syn_scenario rows[] = {
    {.id = "sdk/told/events",
     .title = "Each event fits the answer that its writer got",
     .source = "SDK-08",
     TOLD_ROW,
     .needs = SYN_NEED_MINT,
     .types = SYN_TYPES_ALL,
     .defect = "events-not-delivered",
     .run = events},
    {.id = "sdk/told/cut",
     .title = "A notice of the end of a subscription names its object",
     .source = "ACL-50",
     TOLD_ROW,
     .needs = SYN_NEED_MINT | SYN_NEED_ADMIN,
     .types = SYN_TYPES_GRANTED,
     .acl_on = true,
     .defect = "revoked-still-streaming",
     .run = cut},
};
SYN_SUITE(sdk_told, "What subscribers are told", rows);
