/*
 * page.c - one page of an ordered listing.
 * Layer: model. Threads: one owner.
 * Source: rest.md section 1.8.
 *
 * A position is the key of an element that the caller has seen: decimal for
 * numbers, the bytes else. It stays good while elements come and go, because
 * seeking finds the next neighbour of a key that is no longer there.
 */
#include "model/state.h"

#include "syn/limits.h"

#include <string.h>

/* A listing with the command's page worked into it. */
struct walk {
    const struct syn_step *step;
    const struct syn_listing *listing;
    const struct syn_page *page;
    enum syn_tree_side side;     /* of the next element */
    struct syn_tree_node *first; /* where the listing begins; NULL: empty */
    int64_t hidden_ms;           /* deadlines up to here are hidden; 0: none */
    size_t size;
};

static bool parse_key(const struct syn_listing *listing, struct syn_str text,
                      struct syn_tree_key *out)
{
    *out = (struct syn_tree_key){0, {NULL, 0}};
    if (listing->is_by_number) {
        return syn_str_to_u64(text, UINT64_MAX, &out->number);
    }
    out->bytes = text;
    return true;
}

static enum syn_code begin(const struct syn_step *step, struct walk *walk)
{
    const struct syn_page *page = walk->page;
    bool is_descending = walk->listing->is_downward ||
                         (walk->listing->can_order && page->is_descending);
    walk->side = is_descending ? SYN_TREE_DOWN : SYN_TREE_UP;
    walk->hidden_ms = page->hides_expired && walk->listing->expires != NULL
                          ? step->now_ms
                          : 0;
    size_t size_max = step->model->rules->readings.page_size == SYN_PAGE_HONOUR
                          ? SYN_PAGE_SIZE_ASKED_MAX
                          : SYN_PAGE_SIZE_MAX;
    walk->size = page->size == 0 ? SYN_PAGE_SIZE_DEFAULT : page->size;
    if (walk->size > size_max) {
        walk->size = size_max;
    }
    if (!walk->listing->can_order || page->from.at == NULL) {
        walk->first =
            syn_tree_edge(walk->listing->tree, syn_tree_other(walk->side));
        return SYN_CODE_NONE;
    }
    struct syn_tree_key key;
    if (!parse_key(walk->listing, page->from, &key)) {
        return SYN_CODE_54458;
    }
    walk->first =
        syn_tree_seek(walk->listing->tree, key, walk->side, page->is_exclusive);
    return SYN_CODE_NONE;
}

/* Is `node` within the listing, that is not before its first element? */
static bool is_inside(const struct walk *walk, const struct syn_tree_node *node)
{
    if (walk->first == NULL) {
        return false;
    }
    int order = syn_tree_compare(node->key, walk->first->key);
    return walk->side == SYN_TREE_UP ? order >= 0 : order <= 0;
}

static bool is_hidden(const struct walk *walk, const struct syn_tree_node *node)
{
    if (walk->listing->hides != NULL &&
        walk->listing->hides(walk->step, node)) {
        return true;
    }
    if (walk->hidden_ms == 0) {
        return false;
    }
    int64_t at_ms = walk->listing->expires(node);
    return at_ms != 0 && at_ms <= walk->hidden_ms;
}

/* The first element from `node` on that is shown; NULL: none left. */
static struct syn_tree_node *skip_hidden(const struct walk *walk,
                                         struct syn_tree_node *node,
                                         enum syn_tree_side side)
{
    while (node != NULL && is_inside(walk, node) && is_hidden(walk, node)) {
        node = syn_tree_step(node, side);
    }
    return node != NULL && is_inside(walk, node) ? node : NULL;
}

static enum syn_code find_start(const struct syn_step *step,
                                const struct walk *walk,
                                struct syn_tree_node **out)
{
    const struct syn_page *page = walk->page;
    if (page->after.bytes == 0) {
        *out = walk->first;
        return SYN_CODE_NONE;
    }
    struct syn_tree_key key;
    if (!parse_key(walk->listing, page->after, &key)) {
        return SYN_CODE_54453;
    }
    enum syn_tree_side side =
        page->is_backward ? syn_tree_other(walk->side) : walk->side;
    const struct syn_rules *rules = step->model->rules;
    *out = syn_tree_seek(walk->listing->tree, key, side,
                         rules->begins_after(rules->ctx, page));
    /* Elements before From may have come in since; the walk begins there. */
    if (*out != NULL && !page->is_backward && !is_inside(walk, *out)) {
        *out = walk->first;
    }
    return SYN_CODE_NONE;
}

static void reverse(struct syn_slice *slice)
{
    for (size_t i = 0; i < slice->count / 2; i++) {
        struct syn_tree_node *other = slice->nodes[slice->count - 1 - i];
        slice->nodes[slice->count - 1 - i] = slice->nodes[i];
        slice->nodes[i] = other;
    }
}

static void collect(const struct walk *walk, struct syn_tree_node *node,
                    struct syn_slice *out)
{
    bool is_backward = walk->page->is_backward && walk->page->after.bytes > 0;
    enum syn_tree_side side =
        is_backward ? syn_tree_other(walk->side) : walk->side;
    node = skip_hidden(walk, node, side);
    while (node != NULL && out->count < walk->size) {
        out->nodes[out->count] = node;
        out->count++;
        node = skip_hidden(walk, syn_tree_step(node, side), side);
    }
    if (is_backward) {
        reverse(out);
    }
}

/* The position of `edge` if something lies beyond it; false: no memory. */
static bool put_position(struct syn_step *step, const struct walk *walk,
                         const struct syn_tree_node *edge,
                         enum syn_tree_side side, struct syn_str *out)
{
    struct syn_tree_node *beyond =
        skip_hidden(walk, syn_tree_step(edge, side), side);
    *out = (struct syn_str){NULL, 0};
    if (beyond == NULL) {
        return true;
    }
    *out = walk->listing->is_by_number
               ? syn_arena_printf(step->arena, "%llu",
                                  (unsigned long long)edge->key.number)
               : syn_arena_dup(step->arena, edge->key.bytes);
    return out->at != NULL;
}

syn_status syn_page_cut(struct syn_step *step,
                        const struct syn_listing *listing,
                        struct syn_slice *out, enum syn_code *code)
{
    struct walk walk = {
        .step = step, .listing = listing, .page = &step->command->page};
    struct syn_tree_node *start = NULL;
    *code = begin(step, &walk);
    if (*code == SYN_CODE_NONE) {
        *code = find_start(step, &walk, &start);
    }
    if (*code != SYN_CODE_NONE) {
        return SYN_OK;
    }
    out->nodes =
        syn_arena_array(step->arena, walk.size, sizeof(struct syn_tree_node *));
    if (out->nodes == NULL) {
        return SYN_ERR_MEMORY;
    }
    collect(&walk, start, out);
    step->out->count = out->count;
    if (out->count == 0) {
        return SYN_OK;
    }
    bool is_done =
        put_position(step, &walk, out->nodes[out->count - 1], walk.side,
                     &step->out->page_next) &&
        put_position(step, &walk, out->nodes[0], syn_tree_other(walk.side),
                     &step->out->page_previous);
    return is_done ? SYN_OK : SYN_ERR_MEMORY;
}
