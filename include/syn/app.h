/*
 * app.h - a small app of ours that shows what a map holds.
 * Layer: public. Threads: the row's. Source: clause TTL-05.
 *
 * It reads the map once through the backend, keeps that picture, as apps do,
 * and answers GET /items from it. What an app must not show then depends on
 * the app alone. It is a sample: no target names such an interface.
 */
#ifndef SYN_APP_H
#define SYN_APP_H

#include "syn/client.h"

struct syn_app; /* opaque: harness/runner/sample_app.c */
struct syn_run;

/* Start it on a map or list; it reads all items now. The run ends it. */
struct syn_app *syn_run_app(struct syn_run *run, const struct syn_thing *thing);

/* What its interface shows: {"items":[{"key":…,"data":…}]}. */
struct syn_reply syn_app_items(struct syn_app *app);

#endif
