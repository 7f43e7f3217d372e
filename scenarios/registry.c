/*
 * registry.c - the list of suites, the most basic first.
 *
 * A suite that is not listed here does not exist; a test compares this list
 * with the files.
 */
#include "syn/scenario.h"

#define SUITES(X)         \
    X(acl_off)            \
    X(acl_defaults)       \
    X(acl_grants)         \
    X(acl_identity)       \
    X(acl_backend)        \
    X(acl_revocation)     \
    X(acl_switch)         \
    X(acl_hooks)          \
    X(acl_streaming)      \
    X(acl_races)          \
    X(acl_isolation)      \
    X(acl_addressing)     \
    X(acl_bodies)         \
    X(acl_ownership)      \
    X(acl_conditional)    \
    X(acl_disclosure)     \
    X(acl_caching)        \
    X(acl_identity_bytes) \
    X(acl_audit)          \
    X(tok_lifetime)       \
    X(tok_bounds)         \
    X(tok_renewal)        \
    X(tok_forged)         \
    X(tok_keys)           \
    X(tok_stolen)         \
    X(tok_storm)          \
    X(tok_issuer)         \
    X(tok_issued)         \
    X(tok_bearer)         \
    X(tok_notice)         \
    X(ttl_expiry)         \
    X(ttl_deadline)       \
    X(ttl_items)          \
    X(ttl_removal)        \
    X(ttl_exposure)       \
    X(ttl_edges)          \
    X(ttl_display)        \
    X(rest_bodies)        \
    X(rest_revisions)     \
    X(rest_refusals)      \
    X(rest_items)         \
    X(rest_pages)         \
    X(rest_lives)         \
    X(rest_updates)       \
    X(rest_makers)        \
    X(rest_readings)      \
    X(rest_restart)       \
    X(rest_service)       \
    X(rest_paths)         \
    X(rest_plain)         \
    X(rest_disclosure)    \
    X(sdk_requests)       \
    X(sdk_shapes)         \
    X(sdk_queries)        \
    X(sdk_writers)        \
    X(sdk_channels)       \
    X(sdk_subscriptions)  \
    X(sdk_reconnect)      \
    X(sdk_replay)         \
    X(sdk_continuation)   \
    X(sdk_client)         \
    X(sdk_hearing)        \
    X(sdk_told)           \
    X(sdk_missed)         \
    X(sdk_frames)         \
    X(sdk_lengths)        \
    X(sdk_sessions)       \
    X(sdk_messages)       \
    X(sdk_slow)           \
    X(sdk_composed)       \
    X(sdk_bodies)         \
    X(sdk_grants)         \
    X(sdk_upgrade)        \
    X(lim_bytes)          \
    X(whk_events)         \
    X(whk_signature)      \
    X(whk_reachability)   \
    X(whk_delivery)       \
    X(whk_leaks)          \
    X(whk_receiver)       \
    X(lim_sizes)          \
    X(lim_requests)       \
    X(lim_rates)          \
    X(lim_kinds)          \
    X(lim_shares)         \
    X(lim_storms)         \
    X(lim_load)

#define DECLARE(name) extern const struct syn_suite syn_suite_##name;
SUITES(DECLARE)

#define POINT_AT(name) &syn_suite_##name,
const struct syn_suite *const syn_suites[] = {SUITES(POINT_AT) NULL};
