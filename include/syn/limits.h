/*
 * limits.h - every bound of the program, with its unit and its source.
 * Layer: public.
 */
#ifndef SYN_LIMITS_H
#define SYN_LIMITS_H

/* --- Sync, as published (rest.md section 6 and 12) ----------------------- */
#define SYN_DATA_BYTES_MAX       16384    /* document, list and map item */
#define SYN_MESSAGE_BYTES_MAX    4096     /* stream message */
#define SYN_NAME_POINTS_MAX      320      /* unique names, map keys */
#define SYN_IDENTITY_POINTS_MAX  256      /* E54351 */
#define SYN_FRIENDLY_POINTS_MAX  255      /* E54053 */
#define SYN_WEBHOOK_BYTES_MAX    512      /* E54051 */
#define SYN_TTL_S_MAX            31536000 /* E54011: one year */
#define SYN_TOKEN_LIFETIME_S_MAX 86400    /* TOK-08 */
#define SYN_PAGE_SIZE_DEFAULT    50       /* REST-48 */
#define SYN_PAGE_SIZE_MAX        100      /* REST-49; up to 1000 is clamped */
#define SYN_PAGE_SIZE_ASKED_MAX  1000     /* E54454 */
#define SYN_SUBSCRIPTIONS_MAX    2000     /* per connection, E54419 */
#define SYN_BATCH_MAX            1000     /* subscriptions in one request */
#define SYN_ITEMS_MAX            1000000  /* per list or map, LIM-17 */
#define SYN_STANDING_MAX         7000 /* connections of an account, LIM-16 */
#define SYN_DEBOUNCE_MS_MIN      1000
#define SYN_DEBOUNCE_MS_MAX      30000
#define SYN_DEBOUNCE_MS_DEFAULT  5000

/* --- tokens --------------------------------------------------------------- */
#define SYN_TOKEN_BYTES_MAX        16384 /* ours: real ones are under 1 KiB */
#define SYN_TOKEN_NBF_SKEW_S       60    /* rest.md section 12 */
#define SYN_TOKEN_DEPTH_MAX        16 /* nesting of claims; real ones have 3 */
#define SYN_TOKEN_FORGED_BYTES_MAX 4194304 /* what a forger may sign */

/* --- transport, ours ------------------------------------------------------ */
#define SYN_HTTP_HEAD_BYTES_MAX 32768 /* request line and headers, LIM-20 */
#define SYN_CURL_BODY_BYTES_MAX \
    16777216 /* that we send: over LIM-20's 10 MiB */
#define SYN_CURL_FIELD_BYTES_MAX                                             \
    131072                             /* that we send: over LIM-20's 64 KiB \
                                        */
#define SYN_HTTP_HEADERS_MAX       100 /* header fields of one message */
#define SYN_HTTP_BODY_BYTES_MAX    262144  /* rest.md section 6: 413 20413 */
#define SYN_FRAME_BYTES_MAX        262144  /* one WebSocket message */
#define SYN_FRAME_HEADER_BYTES_MAX 65536   /* JSON header of a Twilsock frame */
#define SYN_FRAME_ID_BYTES_MAX     128     /* opaque; real ones have 38 */
#define SYN_FRAME_DEPTH_MAX        16      /* nesting of a frame's header */
#define SYN_STREAM_QUEUE_BYTES_MAX 4194304 /* unsent bytes before a drop */
#define SYN_STREAM_UNREAD_MAX      268435456 /* of a seeded defect, likewise */

/* --- net, ours ------------------------------------------------------------ */
#define SYN_LISTEN_BACKLOG       4096  /* performance: reconnect storms */
#define SYN_ACCEPTS_PER_TURN_MAX 128   /* one listener, one turn */
#define SYN_ACCEPT_RETRY_MS      50    /* out of descriptors: wait */
#define SYN_LINGER_MS            1000  /* orderly close: wait for the peer */
#define SYN_CLOSE_MS             10000 /* peer that does not take the rest */
#define SYN_TLS_ACCEPT_MS        10000 /* handshake of an accepted stream */
#define SYN_VENDOR_TIMEOUT_S     600   /* lws's own; ours come first */
#define SYN_STREAM_SHARES_MAX    32    /* shared texts sent in one call */
#define SYN_STREAM_READ_BYTES    65536 /* one read, shared by all streams */
#define SYN_TURN_TIMERS_MAX      10000 /* fired in one turn */
#define SYN_TURN_CROWD_MIN       64    /* streams to write to: look again */
#define SYN_TURN_LOOKS_MAX       4     /* at most so often in one turn */
#define SYN_FAIR_TICK_MS         100   /* in which a reader's load halves */
#define SYN_FAIR_READS           16    /* more: its reads wait, some 80/s */
#define SYN_TURN_LATE_MAX        16    /* such reads in one turn, 0.3 ms */
#define SYN_FAIR_REST_MS         1     /* more wait: until the next of them */
#define SYN_FAIR_CALM_MS         10    /* if another was read so lately */
#define SYN_WS_FRAGMENTS_MAX     4096  /* of one message, W12 */
#define SYN_WS_PILE_BYTES_MAX    67108864 /* of a careless reader */
#define SYN_HTTP_CHUNK_BYTES_MAX 256      /* chunk-size line */
#define SYN_CURL_CONNECTIONS_MAX 64       /* kept open by one multi handle */

/* --- the way to a target, ours ---------------------------------------------
 */
#define SYN_URL_HOST_BYTES       256   /* RFC 1035: a name has 255 at most */
#define SYN_ADDRESS_BYTES        64    /* numeric, with a scope */
#define SYN_ROUTES_MAX           6     /* hosts that a target file names */
#define SYN_ROUTE_ADDRESSES_MAX  8     /* of one name; the rest is not tried */
#define SYN_RESOLVE_TRIES_MAX    3     /* when the resolver says "try again" */
#define SYN_PROXY_LOGIN_BYTES    512   /* user or password */
#define SYN_PROXY_HEAD_BYTES_MAX 16384 /* of the answer to CONNECT */

/* --- client and tap, ours ------------------------------------------------- */
#define SYN_SDK_EFFECTS_MAX       16384    /* of one step */
#define SYN_SDK_SCRATCH_BYTES_MAX 16777216 /* of one step */
#define SYN_SDK_SUBSCRIPTIONS_MAX 8192     /* of one session; E54419 is 2,000 */
#define SYN_SDK_BATCH_FIRST       100      /* sdk-protocol.md section 9 */
#define SYN_CLIENT_KEPT_BYTES_MAX 67108864 /* frames heard by one session */
#define SYN_CLIENT_HEARD_MAX      262144   /* events heard by one session */
#define SYN_TAP_LINKS_MAX         4096     /* connections of one tap */
#define SYN_TAP_FAULTS_MAX        64       /* faults armed at once */
#define SYN_TAP_HELD_BYTES_MAX    16777216 /* held back on one link */

/* --- base, ours ----------------------------------------------------------- */
#define SYN_JSON_BYTES_MAX        1048576
#define SYN_JSON_DEPTH_MAX        64
#define SYN_JSON_MEMBERS_MAX      65536 /* of one object */
#define SYN_JSON_DEPTH_CEILING    512   /* no rules allow more; cJSON: 1000 */
#define SYN_JSON_NUMBER_BYTES_MAX 63    /* cJSON 1.7.15 cuts longer ones */
#define SYN_CLOCK_FIRES_MAX       10000000 /* timers in one jump */
#define SYN_CLOCK_TIMERS_MAX      4194304  /* timers running at once */
#define SYN_ARENA_CHUNK_BYTES_MIN 4096
#define SYN_ARENA_FIRST_SHARE \
    256 /* a first chunk is this part of the arena's bound, or the above */
#define SYN_ARENA_CHUNK_BYTES_MAX                                             \
    65536                               /* doubling ends here; kept on rewind \
                                         */
#define SYN_TABLE_ENTRIES_MAX  16777216 /* of one table */
#define SYN_LOG_LINE_BYTES_MAX 1024
#define SYN_LOG_RING_BYTES_MAX 262144

/* --- model, ours ---------------------------------------------------------- */
#define SYN_REPLAY_EVENTS_DEFAULT 1000    /* kept per list or map */
#define SYN_REPLAY_BYTES_MAX      4194304 /* of data kept in them */

/* --- reports (design: JUnit as CI servers read it) -------------------------
 */
#define SYN_REPORT_TEXT_BYTES_MAX  32768     /* of one element */
#define SYN_COMMAND_BYTES_MAX      65536     /* that repeats a verb */
#define SYN_REPORT_FILE_BYTES_MAX  10485760  /* of one file */
#define SYN_REPORT_NAMES_BYTES_MAX 134217728 /* names of one file's cases */

/* --- runner and target, ours ----------------------------------------------
 */
#define SYN_TARGET_BYTES_MAX        1048576    /* one target file */
#define SYN_MANIFEST_BYTES_MAX      268435456u /* one manifest */
#define SYN_MANIFEST_LINE_BYTES_MAX 32768      /* of one entry, escaped */
#define SYN_MANIFEST_TEXT_BYTES_MAX 2048 /* of one name; longer: left out */
#define SYN_DEAD_MAN_S              3600 /* TTL beyond budget.seconds */
#define SYN_REMOTE_JOBS             16 /* rows at once, so that waits overlap */
#define SYN_REMOTE_JOBS_MAX         48 /* where budget.rest_per_s is high */
#define SYN_REMOTE_ROW_REST_PER_S   4  /* budget for one row more */
#define SYN_REMOTE_ROW_S            600 /* of a row that waits for its turn to send */
#define SYN_REMOTE_ROW_SOCKETS      4 /* that a row needs at once, at a guess */
#define SYN_BACK_OFF_S_MAX          30     /* after one answer 429 */
#define SYN_BACK_OFF_DOUBLINGS      5      /* from 1 s */
#define SYN_BACK_OFF_TRIES_MAX      5      /* of one request */
#define SYN_CLEAN_FOUND_MAX         100000 /* of one listing */
#define SYN_CLEAN_SILENT_MAX        3    /* calls in a row without an answer */
#define SYN_GUARD_SIDS_MAX          8192 /* made by one process at a target */
#define SYN_GUARD_TICKETS_MAX       256  /* creates without an answer yet */
#define SYN_GUARD_ID_BYTES          1024 /* sid or name in a path; longer: refused */
#define SYN_PLAN_ENTRIES_MAX        200000 /* rows x types x repeats */
#define SYN_REPEAT_MAX              10000
#define SYN_JOBS_MAX                64
#define SYN_WORKER_DEATHS_MAX       16 /* then the run gives up */
#define SYN_ROW_SECONDS_MAX         60 /* real time, without estimate */
#define SYN_ROW_ARENA_BYTES_MAX     268435456
#define SYN_ROW_CLIENTS_MAX         4096
#define SYN_ROW_ROGUES_MAX          16384    /* raw connections */
#define SYN_ROGUE_HEARD_MAX         33554432 /* bytes kept of one */
#define SYN_ROW_THINGS_MAX          4096     /* to remove from a target */
#define SYN_ROW_RETRIES_MAX         2        /* at a target, after no answer */
#define SYN_DISTRESS_ROWS           5        /* without any answer: stop */
#define SYN_BENCH_SILENT_MAX        10       /* calls of a gate, likewise */
#define SYN_ROW_GUARD_MS            10000    /* real time for one answer */
#define SYN_EVIDENCE_BYTES_MAX      16777216 /* one row; then exchanges stop */
#define SYN_EVIDENCE_RECORDS_MAX    20000    /* expectations of one row */
#define SYN_EVIDENCE_WIRE_BYTES_MAX 8192     /* of one body in the transcript */
#define SYN_EVIDENCE_EXCHANGES      6        /* shown around a decision */
#define SYN_STOP_GRACE_MS           800      /* of running rows after Ctrl-C */
#define SYN_PROGRESS_MS             10000    /* a line, when no terminal */
#define SYN_BASELINE_BYTES_MAX      4194304u /* one baseline file */
#define SYN_CAPSULE_BYTES_MAX       8388608u /* one capsule */
#define SYN_CAPSULE_ACTIONS_MAX     20000    /* listed in one capsule */
#define SYN_CAPSULES_MAX            1000     /* written by one run */
#define SYN_HTML_BYTES_MAX          5000000  /* one HTML report */
#define SYN_MARKDOWN_BYTES_MAX      60000    /* one summary for a job page */
#define SYN_ROW_GUARD_SEEDED_MS     1000 /* as above, with a seeded defect */

/* --- outsiders, ours: token endpoint, receiver, audits ---------------------
 */
#define SYN_INVENTORY_OBJECTS_MAX 10000 /* of one service */
#define SYN_INVENTORY_PAGES_MAX   1000  /* of one collection */
#define SYN_INVENTORY_GRANTS_MAX  10000 /* of one object */
#define SYN_ISSUER_BURST_MAX      1000  /* requests in a row, adversary I04 */
#define SYN_SAMPLE_USERS_MAX      8     /* of one sample issuer */

/* --- gate, ours ------------------------------------------------------------
 */
#define SYN_GATE_ROLES_MAX       64     /* a bit each */
#define SYN_GATE_IDENTITIES_MAX  100000 /* of one plan */
#define SYN_GATE_OBJECTS_MAX     200000 /* of one plan, expanded */
#define SYN_CENSUS_OBJECTS_MAX   200000 /* an audit reads, as plans may have */
#define SYN_CENSUS_PAGES_MAX     20000  /* of one collection */
#define SYN_CENSUS_ROWS_MAX      100000 /* of one object: all identities */
#define SYN_GATE_ARENA_BYTES_MAX 1073741824 /* a gate and its replies */

/* --- service, ours ---------------------------------------------------------
 */
#define SYN_SERVICE_NOTICE_S        240 /* rest.md section 12 */
#define SYN_SERVICE_PING_S          30
#define SYN_SERVICE_PONG_S          15
#define SYN_SERVICE_HANDSHAKE_S     15 /* accept to a whole request */
#define SYN_SERVICE_IDLE_S          75 /* between two requests */
#define SYN_SERVICE_SWEEP_MS        1000
#define SYN_SERVICE_CONNECTIONS_MAX 65536
#define SYN_SERVICE_RECONNECT_MS    10000 /* least delay when all are taken */
#define SYN_SERVICE_SETUP_BYTES_MAX 16777216 /* accounts, keys, texts */
#define SYN_SERVICE_SCRATCH_BYTES_MAX                                   \
    67108864                              /* one request and its timers \
                                           */
#define SYN_BUCKETS_MAX           262144  /* rate buckets in use */
#define SYN_BUCKET_NAME_BYTES     128     /* of an error text */
#define SYN_REST_PAIRS_MAX        256     /* of one form or query */
#define SYN_REST_SEGMENTS_MAX     8       /* of one path */
#define SYN_REST_REPLY_BYTES_MAX  4194304 /* 100 items of 16 KiB and more */
#define SYN_REST_TARGET_BYTES_MAX 16384
#define SYN_CONTROL_MS_MAX        253402300799999 /* year 9999 */
#define SYN_REST_PAGE_MAX         1000000000      /* the counter of `Page` */

/* --- durability (performance section 5; bytes are ours) ------------------- */
#define SYN_STORE_GROUP_ROWS      100  /* a group is cut at the next step */
#define SYN_STORE_GROUP_US        4000 /* likewise, after this long */
#define SYN_STORE_QUEUE_BYTES_MAX 134217728 /* rows that wait for the disk */
#define SYN_STORE_TURN_BYTES_MAX  8388608   /* handed over within a turn */
#define SYN_TICKET_SLOTS          4096 /* objects told apart by their ticket */

/* --- webhooks (rest.md section 9; counts are ours) ------------------------ */
#define SYN_HOOK_MS_MAX       15000 /* real time for one POST, E11205 */
#define SYN_HOOK_PAIRS_MAX    24    /* parameters; real ones are under 16 */
#define SYN_HOOKS_WAITING_MAX 1024  /* of one service */
#define SYN_HOOKS_ALL_MAX     16384 /* of all, those under way included */
#define SYN_HOOKS_BYTES_MAX   67108864
#define SYN_HOOKS_RUNNING_MAX 32 /* POSTs at once, one per service */
#define SYN_HOOK_FORM_BYTES_MAX                                             \
    131072                          /* percent-encoded data, names and keys \
                                     */
#define SYN_HOOK_ABSENCES_MAX 65536 /* disconnects that wait */
#define SYN_SINK_RECORDS_MAX  65536 /* kept by one sink */
#define SYN_SINK_PARAMS_MAX   256   /* of one webhook that came */

/* --- traces, ours ----------------------------------------------------------
 */
#define SYN_TRACE_BYTES_MAX            1073741824u /* one trace file */
#define SYN_TRACE_LINES_MAX            5000000
#define SYN_TRACE_LINE_BYTES_MAX       65536 /* of one line that is written */
#define SYN_TRACE_SCRATCH_BYTES_MAX    67108864 /* of one line or command */
#define SYN_RECORD_LINK_BYTES_MAX      16777216 /* tokens' claims, names */
#define SYN_RECORD_WAITING_MAX         4096     /* requests without an answer */
#define SYN_RECORD_PAIRS_MAX           256      /* of one query or form */
#define SYN_RECORD_ROWS_MAX            20000    /* permissions of one object */
#define SYN_RECORD_INVENTORY_BYTES_MAX 1073741824u
#define SYN_RECORD_WEBHOOK_BYTES_MAX   1048576 /* one line of a log */

/* --- load, ours ------------------------------------------------------------
 */
#define SYN_HIST_FORM_BYTES_MAX    1048576 /* one encoded histogram, inflated */
#define SYN_LOAD_SLOTS_MAX         900     /* of the series; then wider ones */
#define SYN_LOAD_SLOTS_OPEN        8       /* of these, seconds still written */
#define SYN_LOAD_RESULT_BYTES_MAX  67108864 /* one result as JSON */
#define SYN_LOAD_CLIENTS_MAX       1000000
#define SYN_LOAD_WORKERS_MAX       64
#define SYN_LOAD_SECONDS_MAX       86400
#define SYN_LOAD_PAYLOAD_BYTES_MIN 64 /* what the oracle writes into `data` */
#define SYN_LOAD_RATE_MAX          10000000 /* operations per second */
#define SYN_LOAD_SHARDS_MAX        1024
#define SYN_LOAD_TIMES_MAX         1000
#define SYN_LOAD_PORTS_MAX         64
#define SYN_LOAD_SOURCES_MAX       250
#define SYN_LOAD_THRESHOLDS_MAX    64
#define SYN_LOAD_MEASURES_MAX      256      /* figures of one run, by name */
#define SYN_LOAD_START_WAIT_S_MAX  3600     /* until the common start */
#define SYN_LOAD_SID_BYTES         40       /* of a service's own making */
#define SYN_LOAD_READ_BYTES        1048576  /* one read, shared by all links */
#define SYN_LOAD_FRAME_BYTES_MAX   262144   /* one message of a service */
#define SYN_LOAD_LINK_BYTES_MAX    4194304  /* unsent bytes before a drop */
#define SYN_LOAD_STEP_BYTES_MAX    16777216 /* sent in one step */
#define SYN_LOAD_SUBS_MAX          100      /* of one session: one batch */
#define SYN_LOAD_INFLIGHT          256 /* handshakes of one worker at once */
#define SYN_LOAD_PROBE_CLIENTS_MAX 8   /* sessions that are no load yet */
#define SYN_LOAD_PROBE_RATE_MAX    4   /* changes per second, likewise */
#define SYN_LOAD_LANES             4   /* REST connections of one worker */
#define SYN_LOAD_REVISION_BYTES    64  /* kept of an object, for If-Match */
#define SYN_LOAD_LANE_DEPTH        256 /* requests under way on one of them */
#define SYN_LOAD_SOURCE_PORTS_MAX                                          \
    14000                             /* per address pair: performance 5.3 \
                                       */
#define SYN_LOAD_SETTLE_S        30   /* after the end: answers, survivors */
#define SYN_LOAD_TOKEN_BYTES_MAX 4096 /* ours are under 1 KiB */

_Static_assert(SYN_FRAME_BYTES_MAX >=
                   SYN_DATA_BYTES_MAX + SYN_FRAME_HEADER_BYTES_MAX,
               "a frame holds the largest document and its header");
_Static_assert(SYN_BATCH_MAX <= SYN_SUBSCRIPTIONS_MAX,
               "one batch fits a connection");

/* Actions of a row whose ruling is kept for its evidence, and the oracle's
 * memory of one row; harness/runner/belief.c. */
#define SYN_BELIEFS_MAX      256u
#define SYN_BELIEF_BYTES_MAX 16777216u

#endif
