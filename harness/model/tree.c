/*
 * tree.c - AVL tree with parent links: no recursion, no allocation.
 * Layer: model. Threads: one owner.
 */
#include "model/tree.h"

#include "syn/status.h"

enum syn_tree_side syn_tree_other(enum syn_tree_side side)
{
    return side == SYN_TREE_UP ? SYN_TREE_DOWN : SYN_TREE_UP;
}

int syn_tree_compare(struct syn_tree_key a, struct syn_tree_key b)
{
    if (a.number != b.number) {
        return a.number < b.number ? -1 : 1;
    }
    return syn_str_compare(a.bytes, b.bytes);
}

static int height_of(const struct syn_tree_node *node)
{
    return node == NULL ? 0 : node->height;
}

static void measure(struct syn_tree_node *node)
{
    int low = height_of(node->child[0]);
    int high = height_of(node->child[1]);
    node->height = 1 + (low > high ? low : high);
}

/* Hang `new` where `old` hung under `parent`. */
static void replace(struct syn_tree *tree, struct syn_tree_node *parent,
                    const struct syn_tree_node *old, struct syn_tree_node *new)
{
    if (parent == NULL) {
        tree->root = new;
    } else {
        parent->child[parent->child[1] == old] = new;
    }
    if (new != NULL) {
        new->parent = parent;
    }
}

/* The child of `top` on `side` takes its place. Returns that child. */
static struct syn_tree_node *rotate(struct syn_tree *tree,
                                    struct syn_tree_node *top, int side)
{
    struct syn_tree_node *rising = top->child[side];
    SYN_ASSERT(rising != NULL);
    struct syn_tree_node *inner = rising->child[!side];
    replace(tree, top->parent, top, rising);
    top->child[side] = inner;
    if (inner != NULL) {
        inner->parent = top;
    }
    rising->child[!side] = top;
    top->parent = rising;
    measure(top);
    measure(rising);
    return rising;
}

/* Restore balance from `node` up to the root. */
static void rebalance(struct syn_tree *tree, struct syn_tree_node *node)
{
    while (node != NULL) {
        measure(node);
        int lean = height_of(node->child[1]) - height_of(node->child[0]);
        if (lean < -1 || lean > 1) {
            int side = lean > 0;
            struct syn_tree_node *heavy = node->child[side];
            SYN_ASSERT(heavy != NULL);
            if (height_of(heavy->child[!side]) >
                height_of(heavy->child[side])) {
                rotate(tree, heavy, !side);
            }
            node = rotate(tree, node, side);
        }
        node = node->parent;
    }
}

bool syn_tree_insert(struct syn_tree *tree, struct syn_tree_node *node)
{
    struct syn_tree_node *parent = NULL;
    struct syn_tree_node *at = tree->root;
    int order = 0;
    while (at != NULL) {
        order = syn_tree_compare(node->key, at->key);
        if (order == 0) {
            return false;
        }
        parent = at;
        at = at->child[order > 0];
    }
    node->child[0] = NULL;
    node->child[1] = NULL;
    node->height = 1;
    node->parent = parent;
    if (parent == NULL) {
        tree->root = node;
    } else {
        parent->child[order > 0] = node;
    }
    tree->count++;
    rebalance(tree, parent);
    return true;
}

static struct syn_tree_node *farthest(struct syn_tree_node *node, int side)
{
    while (node != NULL && node->child[side] != NULL) {
        node = node->child[side];
    }
    return node;
}

/* `node` has two children: its successor leaves its place and takes over. */
static struct syn_tree_node *remove_inner(struct syn_tree *tree,
                                          struct syn_tree_node *node)
{
    struct syn_tree_node *next = farthest(node->child[1], 0);
    SYN_ASSERT(next != NULL);
    struct syn_tree_node *from = next->parent == node ? next : next->parent;
    if (next->parent != node) {
        replace(tree, next->parent, next, next->child[1]);
        next->child[1] = node->child[1];
        next->child[1]->parent = next;
    }
    next->child[0] = node->child[0];
    next->child[0]->parent = next;
    replace(tree, node->parent, node, next);
    return from;
}

void syn_tree_remove(struct syn_tree *tree, struct syn_tree_node *node)
{
    struct syn_tree_node *from = node->parent;
    if (node->child[0] != NULL && node->child[1] != NULL) {
        from = remove_inner(tree, node);
    } else {
        struct syn_tree_node *only = node->child[node->child[0] == NULL];
        replace(tree, node->parent, node, only);
    }
    tree->count--;
    rebalance(tree, from);
}

struct syn_tree_node *syn_tree_find(const struct syn_tree *tree,
                                    struct syn_tree_key key)
{
    struct syn_tree_node *at = tree->root;
    while (at != NULL) {
        int order = syn_tree_compare(key, at->key);
        if (order == 0) {
            return at;
        }
        at = at->child[order > 0];
    }
    return NULL;
}

struct syn_tree_node *syn_tree_seek(const struct syn_tree *tree,
                                    struct syn_tree_key key,
                                    enum syn_tree_side side, bool is_exclusive)
{
    struct syn_tree_node *best = NULL;
    struct syn_tree_node *at = tree->root;
    while (at != NULL) {
        int order = syn_tree_compare(at->key, key);
        if (order == 0 && !is_exclusive) {
            return at;
        }
        /* Is `at` on the wanted side of the key? Then a closer one lies the
         * other way, else all candidates lie further on `side`. */
        if (side == SYN_TREE_UP ? order > 0 : order < 0) {
            best = at;
            at = at->child[syn_tree_other(side)];
        } else {
            at = at->child[side];
        }
    }
    return best;
}

struct syn_tree_node *syn_tree_edge(const struct syn_tree *tree,
                                    enum syn_tree_side side)
{
    return farthest(tree->root, (int)side);
}

struct syn_tree_node *syn_tree_step(const struct syn_tree_node *node,
                                    enum syn_tree_side side)
{
    if (node->child[side] != NULL) {
        return farthest(node->child[side], (int)syn_tree_other(side));
    }
    struct syn_tree_node *parent = node->parent;
    while (parent != NULL && parent->child[side] == node) {
        node = parent;
        parent = node->parent;
    }
    return parent;
}

void syn_tree_drain(struct syn_tree *tree,
                    void (*give)(void *ctx, struct syn_tree_node *node),
                    void *ctx)
{
    struct syn_tree_node *node = tree->root;
    while (node != NULL) {
        struct syn_tree_node *child =
            node->child[0] != NULL ? node->child[0] : node->child[1];
        if (child != NULL) {
            node = child;
            continue;
        }
        struct syn_tree_node *parent = node->parent;
        replace(tree, parent, node, NULL);
        tree->count--;
        give(ctx, node);
        node = parent;
    }
}
