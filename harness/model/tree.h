/*
 * tree.h - ordered containers of the model: look-up, paging, iteration.
 * Layer: model. Threads: one owner.
 *
 * An intrusive AVL tree. Clients choose names and keys, so the shape must not
 * depend on luck: the height stays under 1.45 log2 n whatever comes in. A key
 * is a number, then bytes; list items and creation orders use the number
 * alone, map keys and identities the bytes alone.
 */
#ifndef SYN_MODEL_TREE_H
#define SYN_MODEL_TREE_H

#include "syn/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct syn_tree_key {
    uint64_t number;
    struct syn_str bytes; /* borrowed: lives as long as the node */
};

/* Embedded in its element; set `key`, the rest belongs to tree.c. */
struct syn_tree_node {
    struct syn_tree_node *parent;
    struct syn_tree_node *child[2]; /* smaller, greater */
    struct syn_tree_key key;
    int height;
};

/* Zero-initialise. */
struct syn_tree {
    struct syn_tree_node *root;
    size_t count;
};

/* Directions of search and iteration. */
enum syn_tree_side { SYN_TREE_DOWN = 0, SYN_TREE_UP = 1 };

enum syn_tree_side syn_tree_other(enum syn_tree_side side);

int syn_tree_compare(struct syn_tree_key a, struct syn_tree_key b);

/* False, and nothing changed, when the key is taken. Cannot fail else. */
bool syn_tree_insert(struct syn_tree *tree, struct syn_tree_node *node);

void syn_tree_remove(struct syn_tree *tree, struct syn_tree_node *node);

struct syn_tree_node *syn_tree_find(const struct syn_tree *tree,
                                    struct syn_tree_key key);

/* First node at or beyond `key` going `side`; NULL: none. */
struct syn_tree_node *syn_tree_seek(const struct syn_tree *tree,
                                    struct syn_tree_key key,
                                    enum syn_tree_side side, bool is_exclusive);

/* Smallest (DOWN) or greatest (UP) node; NULL when empty. */
struct syn_tree_node *syn_tree_edge(const struct syn_tree *tree,
                                    enum syn_tree_side side);

/* The neighbour on `side`; NULL at the end. */
struct syn_tree_node *syn_tree_step(const struct syn_tree_node *node,
                                    enum syn_tree_side side);

/* Empty the tree in linear time; `give` may free each node. */
void syn_tree_drain(struct syn_tree *tree,
                    void (*give)(void *ctx, struct syn_tree_node *node),
                    void *ctx);

#endif
