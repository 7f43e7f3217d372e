/*
 * replay.c - one replay of a history on model and oracle.
 * Layer: gate. Threads: one owner.
 */
#include "gate/history.h"

#include "model/model.h"
#include "oracle/rights.h"
#include "syn/limits.h"

#include <string.h>

#define ACCOUNT_SID "AC00000000000000000000000000000000"
#define PASS_GAP_MS 1000

/* One object as it stands in this replay. */
struct standing {
    char sid[SYN_SID_BYTES]; /* in the model; also the oracle's label */
    bool is_there;
    bool is_made_off;
};

struct player {
    struct syn_arena *arena;
    struct syn_arena scratch; /* of one command */
    const struct syn_history *history;
    const struct syn_rerun_setup *setup;
    struct syn_rerun *out;
    struct syn_rules rules; /* of the model */
    struct syn_model *model;
    struct syn_oracle *oracle;
    struct syn_account *account;
    struct standing *standings; /* by slot */
    int64_t base_ms;            /* of this pass */
    int64_t now_ms;
    bool is_on;
};

/* --- commands ------------------------------------------------------------- */

static const struct syn_str backend = {NULL, 0};

/* Carry out a command as `identity` (at NULL: over REST). The outcome's views
 * live until the scratch arena is rewound. */
static syn_status step(struct player *player, struct syn_str identity,
                       struct syn_command *command, struct syn_outcome *out)
{
    const struct syn_actor actor = {
        .plane = identity.at == NULL ? SYN_PLANE_REST : SYN_PLANE_SDK,
        .account = player->account,
        .identity = identity.at == NULL ? SYN_STR("system") : identity};
    command->service = SYN_STR("default");
    return syn_model_step(
        player->model, &(struct syn_request){player->now_ms, &actor, command},
        &player->scratch, out);
}

static syn_status set_row(struct player *player, size_t s,
                          struct syn_str identity, unsigned rights)
{
    struct standing *standing = &player->standings[s];
    struct syn_outcome outcome;
    enum syn_type type = player->history->slots[s].type;
    struct syn_command command = {.verb = SYN_VERB_GRANT_SET,
                                  .type = type,
                                  .id = syn_str_of(standing->sid),
                                  .identity = identity,
                                  .rights = rights};
    const struct syn_access subject = {
        .type = type, .label = command.id, .identity = identity};
    syn_status st = step(player, backend, &command, &outcome);
    if (st == SYN_OK && outcome.code == SYN_CODE_NONE) {
        st = syn_oracle_grant(player->oracle, &subject, rights);
    }
    return st;
}

static syn_status drop_row(struct player *player, size_t s,
                           struct syn_str identity)
{
    struct standing *standing = &player->standings[s];
    struct syn_outcome outcome;
    enum syn_type type = player->history->slots[s].type;
    struct syn_command command = {.verb = SYN_VERB_GRANT_DELETE,
                                  .type = type,
                                  .id = syn_str_of(standing->sid),
                                  .identity = identity};
    const struct syn_access subject = {
        .type = type, .label = command.id, .identity = identity};
    syn_status st = step(player, backend, &command, &outcome);
    if (st == SYN_OK && outcome.code == SYN_CODE_NONE) {
        st = syn_oracle_revoke(player->oracle, &subject);
    }
    return st;
}

static unsigned rights_of(struct player *player, size_t s,
                          struct syn_str identity)
{
    const struct syn_history_slot *slot = &player->history->slots[s];
    const struct syn_service_row *service =
        syn_model_service(player->model, player->account, SYN_STR("default"));
    const struct syn_object *object =
        syn_model_object(player->model, service, slot->type,
                         syn_str_of(player->standings[s].sid));
    const struct syn_grant *grant =
        object == NULL ? NULL
                       : syn_model_grant(player->model, object, identity);
    return grant == NULL ? SYN_RIGHTS_NONE : grant->rights;
}

/* --- objects come and go -------------------------------------------------- */

/* Grants under trial, on top of the rows that stand. */
static syn_status apply_grants(struct player *player, size_t s)
{
    const struct syn_lacks *grants = player->setup->grants;
    if (grants == NULL || player->history->slots[s].type == SYN_TYPE_STREAM) {
        return SYN_OK;
    }
    for (size_t i = 0; i < grants->count; i++) {
        const struct syn_lack *grant = &grants->at[i];
        unsigned rights = grant->rights;
        if (grant == player->setup->without) {
            rights &= ~player->setup->without_right;
        }
        if (grant->slot != s || rights == SYN_RIGHTS_NONE) {
            continue;
        }
        unsigned held = rights_of(player, s, grant->identity);
        syn_status st = set_row(player, s, grant->identity, held | rights);
        if (st != SYN_OK) {
            return st;
        }
    }
    return SYN_OK;
}

static bool is_orphaning(const struct player *player)
{
    const struct syn_readings *readings = player->history->readings;
    return player->setup->is_pessimistic ||
           (readings != NULL && readings->made_off == SYN_MADE_OFF_LOSES);
}

/* The pessimistic reading: what was made while off has no creator. */
static syn_status orphan(struct player *player, size_t s,
                         struct syn_str creator)
{
    bool is_moot = !is_orphaning(player) || creator.at == NULL ||
                   !player->standings[s].is_made_off;
    /* Streams have no rows to drop: readings.creator does it in the oracle,
     * and nobody but the backend in the model. */
    return is_moot || player->history->slots[s].type == SYN_TYPE_STREAM
               ? SYN_OK
               : drop_row(player, s, creator);
}

/* Make the object anew as `creator`; whatever bears its name goes first. */
static syn_status make(struct player *player, size_t s, struct syn_str creator,
                       bool is_made_off)
{
    const struct syn_history_slot *slot = &player->history->slots[s];
    struct standing *standing = &player->standings[s];
    struct syn_outcome outcome;
    bool is_ownerless =
        is_orphaning(player) && is_made_off && slot->type == SYN_TYPE_STREAM;
    struct syn_str maker = is_ownerless ? backend : creator;
    struct syn_command create = {.verb = SYN_VERB_OBJECT_CREATE,
                                 .type = slot->type,
                                 .name = slot->name,
                                 .data = SYN_STR("{}")};
    syn_status st = step(player, maker, &create, &outcome);
    if (st != SYN_OK || outcome.code != SYN_CODE_NONE) {
        return st; /* a name that no service would take: nothing to judge */
    }
    memcpy(standing->sid, outcome.object->sid, sizeof standing->sid);
    standing->is_there = true;
    standing->is_made_off = is_made_off;
    st = syn_oracle_create(player->oracle, slot->type,
                           syn_str_of(standing->sid), maker);
    if (st == SYN_OK) {
        st = orphan(player, s, creator);
    }
    return st == SYN_OK && player->is_on ? apply_grants(player, s) : st;
}

static syn_status unmake(struct player *player, size_t s)
{
    struct standing *standing = &player->standings[s];
    struct syn_outcome outcome;
    struct syn_command command = {.verb = SYN_VERB_OBJECT_DELETE,
                                  .type = player->history->slots[s].type,
                                  .id = syn_str_of(standing->sid)};
    if (!standing->is_there) {
        return SYN_OK;
    }
    syn_oracle_remove(player->oracle, command.type, command.id);
    standing->is_there = false;
    return step(player, backend, &command, &outcome);
}

/* As the inventory found it: owner, and all rows when they were listed. */
static syn_status make_prior(struct player *player, size_t s)
{
    const struct syn_history_slot *slot = &player->history->slots[s];
    const struct syn_trace_inv *inv = slot->inv;
    bool has_creator_row = false;
    syn_status st = make(player, s, slot->creator, true);
    if (st != SYN_OK || inv == NULL || !inv->has_rows ||
        slot->type == SYN_TYPE_STREAM || !player->standings[s].is_there) {
        return st;
    }
    for (size_t i = 0; i < inv->row_count && st == SYN_OK; i++) {
        bool is_creator =
            syn_str_is_equal(inv->rows[i].identity, slot->creator);
        has_creator_row = has_creator_row || is_creator;
        if (!is_creator || !is_orphaning(player)) {
            st = set_row(player, s, inv->rows[i].identity, inv->rows[i].rights);
        }
    }
    if (st == SYN_OK && slot->creator.at != NULL && !has_creator_row) {
        st = drop_row(player, s, slot->creator);
    }
    return st == SYN_OK && player->is_on ? apply_grants(player, s) : st;
}

/* --- access --------------------------------------------------------------- */

static size_t bit_of(unsigned right)
{
    return right == SYN_RIGHT_READ ? 0 : right == SYN_RIGHT_WRITE ? 1 : 2;
}

static syn_status note(struct syn_lacks *needs, size_t slot,
                       const struct syn_trace_event *event,
                       const struct syn_ruling *ruling)
{
    struct syn_lack *need = NULL;
    syn_status st = syn_lacks_entry(needs, slot, event->identity, &need);
    if (st != SYN_OK) {
        return st;
    }
    size_t bit = bit_of(ruling->needed);
    need->rights |= ruling->needed;
    if (need->counts[bit]++ == 0) {
        need->first[bit] = event;
        need->whys[bit] = *ruling;
    }
    return SYN_OK;
}

static struct syn_command command_of(const struct player *player, size_t s,
                                     const struct syn_trace_event *event,
                                     enum syn_op op)
{
    static const enum syn_verb verbs[SYN_OP_COUNT] = {
        [SYN_OP_CREATE] = SYN_VERB_OBJECT_FETCH, /* of what is there already */
        [SYN_OP_OPEN] = SYN_VERB_OBJECT_FETCH,
        [SYN_OP_UPDATE] = SYN_VERB_OBJECT_UPDATE,
        [SYN_OP_TTL] = SYN_VERB_OBJECT_UPDATE,
        [SYN_OP_REMOVE] = SYN_VERB_OBJECT_DELETE,
        [SYN_OP_ITEM_READ] = SYN_VERB_ITEM_FETCH,
        [SYN_OP_QUERY] = SYN_VERB_ITEM_LIST,
        [SYN_OP_ITEM_ADD] = SYN_VERB_ITEM_CREATE,
        [SYN_OP_ITEM_UPDATE] = SYN_VERB_ITEM_UPDATE,
        [SYN_OP_ITEM_REMOVE] = SYN_VERB_ITEM_DELETE,
        [SYN_OP_ITEM_TTL] = SYN_VERB_ITEM_UPDATE,
        [SYN_OP_PUBLISH] = SYN_VERB_MESSAGE_PUBLISH,
        [SYN_OP_SUBSCRIBE] = SYN_VERB_SUBSCRIBE,
        [SYN_OP_DELIVER] = SYN_VERB_SUBSCRIBE};
    bool is_ttl = op == SYN_OP_TTL || op == SYN_OP_ITEM_TTL;
    bool is_list = event->type == SYN_TYPE_LIST;
    bool is_item = op == SYN_OP_ITEM_ADD || op == SYN_OP_ITEM_UPDATE;
    struct syn_str key = event->key.at == NULL ? SYN_STR("0") : event->key;
    struct syn_command command = {.verb = verbs[op],
                                  .type = event->type,
                                  .id = syn_str_of(player->standings[s].sid),
                                  .page = {.size = 1}};
    if (op == SYN_OP_UPDATE || op == SYN_OP_PUBLISH || is_item) {
        command.data = SYN_STR("{}");
    }
    if (is_ttl) { /* 0: see history.h, nothing expires here */
        command.ttl_s = (struct syn_maybe_i64){.is_set = true, .value = 0};
    }
    command.key = is_list ? (struct syn_str){NULL, 0} : key;
    command.index = is_list ? key : (struct syn_str){NULL, 0};
    return command;
}

/* One access by an SDK identity, judged by model and oracle. */
static syn_status access(struct player *player, size_t s,
                         const struct syn_trace_event *event, enum syn_op op)
{
    struct syn_command command = command_of(player, s, event, op);
    struct syn_outcome outcome;
    /* `create` of what is there is an open (open_or_create). */
    enum syn_op judged = op == SYN_OP_CREATE ? SYN_OP_OPEN : op;
    const struct syn_access subject = {
        .type = event->type, .label = command.id, .identity = event->identity};
    struct syn_ruling ruling =
        syn_oracle_decides(player->oracle, &subject, judged);
    syn_status st = step(player, event->identity, &command, &outcome);
    if (st != SYN_OK) {
        return st;
    }
    bool is_denied = outcome.code == SYN_CODE_54007;
    if (is_denied !=
        (ruling.belief == SYN_DENIED && ruling.why != SYN_WHY_MISSING)) {
        player->out->disagreements++;
    }
    if (is_denied) {
        player->out->denied_count++;
        ruling.assumes = syn_oracle_assumes(player->oracle, &subject, judged);
        return note(&player->out->denied, s, event, &ruling);
    }
    if (op == SYN_OP_REMOVE && outcome.code == SYN_CODE_NONE) {
        syn_oracle_remove(player->oracle, event->type, command.id);
        player->standings[s].is_there = false;
    }
    return note(&player->out->used, s, event, &ruling);
}

unsigned syn_history_right(const struct syn_trace_event *event)
{
    enum syn_op op = SYN_OP_OPEN;
    return syn_trace_op_of(event->op, event->key.at != NULL, &op)
               ? syn_oracle_right(op)
               : 0;
}

/* --- events --------------------------------------------------------------- */

static syn_status play_create(struct player *player, size_t s,
                              const struct syn_trace_event *event)
{
    bool is_backend = syn_history_is_backend(event);
    bool is_new = event->http < 300; /* unknown counts as done */
    bool is_there = player->standings[s].is_there;
    struct syn_str maker = is_backend ? backend : event->identity;
    bool is_again = player->base_ms != player->history->trace->head.from_ms;
    if (!is_new) {
        return SYN_OK; /* 409: the app opens what is there, an event of its own
                        */
    }
    if (is_there && !is_again) {
        /* It could be made, so the old one had gone unseen. */
        syn_status st = unmake(player, s);
        return st == SYN_OK ? make(player, s, maker, !player->is_on) : st;
    }
    if (!is_there) {
        return make(player, s, maker, !player->is_on);
    }
    return !is_backend && event->mode == SYN_TRACE_OPEN_OR_CREATE
               ? access(player, s, event, SYN_OP_CREATE)
               : SYN_OK;
}

static syn_status play_row(struct player *player, size_t s,
                           const struct syn_trace_event *event)
{
    unsigned rights = (event->read == 1 ? SYN_RIGHT_READ : 0) |
                      (event->write == 1 ? SYN_RIGHT_WRITE : 0) |
                      (event->manage == 1 ? SYN_RIGHT_MANAGE : 0);
    bool is_done = event->http == SYN_TRACE_UNKNOWN || event->http < 300;
    if (!is_done || !player->standings[s].is_there) {
        return SYN_OK;
    }
    syn_status st = event->op == SYN_TRACE_REVOKE
                        ? drop_row(player, s, event->grantee)
                        : set_row(player, s, event->grantee, rights);
    /* A grant under trial is what the backend is to send from now on, whenever
     * it sends a row: or its own next call would undo it. */
    return st == SYN_OK && player->is_on ? apply_grants(player, s) : st;
}

/* What is done to a thing that is gone shows that somebody made it again. */
static syn_status revive(struct player *player, size_t s)
{
    return player->standings[s].is_there ? SYN_OK : make_prior(player, s);
}

static syn_status play(struct player *player, size_t s,
                       const struct syn_trace_event *event)
{
    enum syn_op op = SYN_OP_OPEN;
    bool is_backend = syn_history_is_backend(event);
    if (syn_history_was_refused(event)) {
        player->out->refused_before += player->is_on ? 1 : 0;
        return SYN_OK;
    }
    if (!is_backend && event->identity.at == NULL) {
        player->out->unattributed += player->is_on ? 1 : 0;
        return SYN_OK;
    }
    player->out->played += player->is_on ? 1 : 0;
    if (event->op == SYN_TRACE_CREATE) {
        return play_create(player, s, event);
    }
    syn_status st = revive(player, s);
    if (st != SYN_OK) {
        return st;
    }
    if (event->op == SYN_TRACE_GRANT || event->op == SYN_TRACE_REVOKE) {
        return play_row(player, s, event);
    }
    if (!syn_trace_op_of(event->op, event->key.at != NULL, &op)) {
        return SYN_OK;
    }
    if (is_backend) {
        return event->op == SYN_TRACE_REMOVE ? unmake(player, s) : SYN_OK;
    }
    return access(player, s, event, op);
}

/* --- the switch ----------------------------------------------------------- */

static syn_status flip(struct player *player)
{
    struct syn_outcome outcome;
    struct syn_command command = {
        .verb = SYN_VERB_SERVICE_UPDATE,
        .patch = {.acl_enabled = {.is_set = true, .value = 1}}};
    syn_status st = step(player, backend, &command, &outcome);
    syn_oracle_set_acl(player->oracle, true);
    player->is_on = true;
    for (size_t s = 0; s < player->history->slot_count && st == SYN_OK; s++) {
        struct syn_arena_mark mark = syn_arena_mark(&player->scratch);
        if (player->standings[s].is_there) {
            st = apply_grants(player, s);
        }
        syn_arena_rewind(&player->scratch, mark);
    }
    return st;
}

static syn_status play_at(struct player *player, size_t place)
{
    const struct syn_trace_event *event =
        &player->history->trace->events[place];
    size_t s = player->history->slot_of[place];
    struct syn_arena_mark mark = syn_arena_mark(&player->scratch);
    syn_status st = SYN_OK;
    int64_t flip_ms = player->setup->flip_ms;
    if (!player->is_on && flip_ms != SYN_TRACE_UNKNOWN &&
        event->t_ms >= flip_ms) {
        st = flip(player);
    }
    player->now_ms = player->base_ms + event->t_ms;
    if (st == SYN_OK && s != SYN_HISTORY_NONE) {
        st = play(player, s, event);
    }
    syn_arena_rewind(&player->scratch, mark);
    return st;
}

static syn_status play_pass(struct player *player)
{
    const struct syn_history *history = player->history;
    size_t slot = player->setup->slot;
    size_t count = slot == SYN_HISTORY_NONE ? history->trace->event_count
                                            : history->slots[slot].event_count;
    syn_status st = SYN_OK;
    for (size_t i = 0; i < count && st == SYN_OK; i++) {
        st = play_at(player, slot == SYN_HISTORY_NONE
                                 ? i
                                 : history->slots[slot].events[i]);
    }
    return st;
}

static syn_status play_all(struct player *player)
{
    const struct syn_trace *trace = player->history->trace;
    syn_status st = SYN_OK;
    for (size_t s = 0; s < player->history->slot_count && st == SYN_OK; s++) {
        bool is_mine =
            player->setup->slot == SYN_HISTORY_NONE || player->setup->slot == s;
        struct syn_arena_mark mark = syn_arena_mark(&player->scratch);
        if (is_mine && player->history->slots[s].is_prior) {
            st = make_prior(player, s);
        }
        syn_arena_rewind(&player->scratch, mark);
    }
    if (st == SYN_OK) {
        st = play_pass(player);
    }
    if (st != SYN_OK || player->setup->flip_ms != SYN_TRACE_UNKNOWN) {
        return st;
    }
    int64_t last_ms = trace->event_count == 0
                          ? 0
                          : trace->events[trace->event_count - 1].t_ms;
    player->base_ms += last_ms + PASS_GAP_MS;
    player->now_ms = player->base_ms;
    st = flip(player);
    return st == SYN_OK ? play_pass(player) : st;
}

/* --- the end -------------------------------------------------------------- */

static syn_status keep_rows(struct player *player)
{
    struct syn_rerun *out = player->out;
    const struct syn_service_row *service =
        syn_model_service(player->model, player->account, SYN_STR("default"));
    out->rows =
        syn_arena_array(player->arena, syn_model_count(player->model).grants,
                        sizeof *out->rows);
    if (out->rows == NULL) {
        return SYN_ERR_MEMORY;
    }
    for (size_t s = 0; s < player->history->slot_count; s++) {
        const struct syn_object *object =
            !player->standings[s].is_there
                ? NULL
                : syn_model_object(player->model, service,
                                   player->history->slots[s].type,
                                   syn_str_of(player->standings[s].sid));
        const struct syn_grant *grant =
            object == NULL ? NULL : syn_model_grant_next(object, NULL);
        for (; grant != NULL; grant = syn_model_grant_next(object, grant)) {
            if (!syn_str_is_equal(grant->identity, object->created_by)) {
                out->rows[out->row_count++] = (struct syn_rerun_row){
                    s, syn_arena_dup(player->arena, grant->identity),
                    grant->rights};
            }
        }
    }
    return SYN_OK;
}

static syn_status open_player(struct player *player)
{
    const struct syn_readings *given = player->history->readings;
    struct syn_readings readings =
        given == NULL ? syn_readings_default : *given;
    struct syn_rules rules = syn_rules_sound;
    const struct syn_model_options options = {
        .seed = 1, .rules = &player->rules, .replay_events_max = 1};
    readings.made_off = SYN_MADE_OFF_KEEPS; /* in the model orphan() does it */
    rules.readings = readings;
    player->rules = rules;
    readings.made_off =
        is_orphaning(player) ? SYN_MADE_OFF_LOSES : SYN_MADE_OFF_KEEPS;
    struct syn_rerun *out = player->out;
    *out = (struct syn_rerun){0};
    player->standings = syn_arena_array(
        player->arena, player->history->slot_count, sizeof *player->standings);
    if (player->standings == NULL) {
        return SYN_ERR_MEMORY;
    }
    syn_status st = syn_lacks_init(&out->denied, player->arena);
    if (st == SYN_OK) {
        st = syn_lacks_init(&out->used, player->arena);
    }
    if (st == SYN_OK) {
        st = syn_oracle_new(player->arena, &readings, &player->oracle);
    }
    if (st == SYN_OK) {
        st = syn_model_new(&options, &player->model);
    }
    return st == SYN_OK
               ? syn_model_add_account(player->model, ACCOUNT_SID, NULL,
                                       player->now_ms, &player->account)
               : st;
}

syn_status syn_history_replay(struct syn_arena *arena,
                              struct syn_history *history,
                              const struct syn_rerun_setup *setup,
                              struct syn_rerun *out)
{
    struct player player = {.arena = arena,
                            .history = history,
                            .setup = setup,
                            .out = out,
                            .base_ms = history->trace->head.from_ms,
                            .now_ms = history->trace->head.from_ms};
    syn_arena_init(&player.scratch, NULL, SYN_TRACE_SCRATCH_BYTES_MAX);
    syn_status st = open_player(&player);
    if (st == SYN_OK) {
        st = play_all(&player);
    }
    if (st == SYN_OK) {
        st = keep_rows(&player);
    }
    for (size_t s = 0; st == SYN_OK && setup->slot == SYN_HISTORY_NONE &&
                       s < history->slot_count;
         s++) {
        history->slots[s].is_there_at_end = player.standings[s].is_there;
    }
    if (player.model != NULL) {
        syn_model_free(player.model);
    }
    syn_arena_fini(&player.scratch);
    return st;
}
