/*
 * odd_target.c - a target that is wrong on purpose, for harness/tests/odd.sh.
 * Layer: tests. Threads: one.
 * Source: design section 7: no run may judge a target vacuously.
 *
 * Most kinds are the reference service with its decisions replaced, or with a
 * tap in front; two are no service at all. It listens on loopback, prints a
 * ready line as `syncproof serve` does, and ends with SIGTERM.
 *
 *     odd_target --mode deny-all
 */
#include "auth/draft.h"
#include "odd_foreign.h"
#include "service/state.h"
#include "tap/tap.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ACCOUNT         "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SERVICE         "ISaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define KEY             "SKaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define AUTH_TOKEN      "11111111111111111111111111111111"
#define SECRET          "secret of an odd target"
#define SEED            5
#define DROP_EVERY      10
#define SLOW_US         1000000
#define LATE_US         150000 /* of each event */
#define LATER_US        1200000
#define PING_S          1
#define PREFLIGHT_CALLS 9 /* replies that preflight needs */
#define PEERS_MAX       1024
#define NOISE_BYTES     512
#define TURN_MS         200
#define TOKEN_LIFE_S    3600

enum front {
    PLAIN,
    DROPS_TENTH,
    DELAYS,
    FALLS_SILENT,
    TELLS_LATE,
    TELLS_LATER
};

struct kind {
    const char *name;
    void (*plant)(struct syn_seams *seams); /* NULL: sound */
    enum front front;
    bool is_no_service; /* a bare socket */
    bool makes_noise;
    bool is_foreign;   /* right, and unlike ours */
    bool has_own_wire; /* right, and in other bytes */
};

static volatile sig_atomic_t is_stopped;
static struct syn_loop *stopped_loop;

static void on_signal(int number)
{
    (void)number;
    is_stopped = 1;
    if (stopped_loop != NULL) {
        syn_loop_wake(stopped_loop);
    }
}

/* --- refusing everything --------------------------------------------------
 */

static enum syn_code refuse_token(const struct syn_verify_env *env,
                                  struct syn_token_draft *draft)
{
    (void)env;
    (void)draft;
    return SYN_CODE_20106;
}

static const struct syn_token_check no_token[] = {{"refused", "", refuse_token},
                                                  {NULL, NULL, NULL}};

/* Wrong credentials stay 401: that they are accepted must be seen. */
static void shape_denial(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    if (shaping->plane == SYN_PLANE_REST && shaping->http_status != 401) {
        shaping->http_status = 403;
        shaping->body = SYN_STR("{\"code\":20006,\"message\":\"Access denied\","
                                "\"status\":403}");
    }
}

static void shape_denial_of_sdk(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    if (shaping->plane == SYN_PLANE_SDK) {
        shaping->http_status = 403;
        shaping->body = SYN_STR("{\"code\":54007,\"message\":\"Access denied\","
                                "\"status\":403}");
    }
}

static bool deliver_nothing(void *ctx, const struct syn_delivery *delivery)
{
    (void)ctx;
    (void)delivery;
    return false;
}

static void plant_denial(struct syn_seams *seams)
{
    seams->shape_reply = shape_denial;
    seams->token_checks = no_token;
}

static void plant_denial_of_sdk(struct syn_seams *seams)
{
    seams->shape_reply = shape_denial_of_sdk;
    seams->delivers = deliver_nothing;
}

/* --- allowing everything --------------------------------------------------
 */

/* Whatever can be read of a token is believed, the rest is made up. */
static enum syn_code believe_token(const struct syn_verify_env *env,
                                   struct syn_token_draft *draft)
{
    struct syn_token_facts *facts = &draft->facts;
    if (syn_token_check_envelope(env, draft) == SYN_CODE_NONE &&
        syn_token_check_compact(env, draft) == SYN_CODE_NONE) {
        (void)syn_token_check_json(env, draft);
        (void)syn_token_check_grant(env, draft);
    }
    if (facts->identity.bytes == 0) {
        facts->identity = SYN_STR("anyone");
    }
    if (!env->has_service(env->ctx, SYN_STR(ACCOUNT), facts->service_sid)) {
        facts->service_sid = SYN_STR("default");
    }
    facts->account_sid = SYN_STR(ACCOUNT);
    facts->key_sid = SYN_STR(KEY);
    facts->expires_s = env->now_s + TOKEN_LIFE_S;
    return SYN_CODE_NONE;
}

static const struct syn_token_check any_token[] = {
    {"believed", "", believe_token}, {NULL, NULL, NULL}};

static bool allow_access(void *ctx, const struct syn_access_query *query)
{
    (void)ctx;
    (void)query;
    return true;
}

static bool allow_creation(void *ctx, const struct syn_service_row *service,
                           struct syn_str identity, bool is_sdk)
{
    (void)ctx;
    (void)service;
    (void)identity;
    (void)is_sdk;
    return true;
}

static bool allow_identity(void *ctx, struct syn_str identity)
{
    (void)ctx;
    (void)identity;
    return true;
}

static bool allow_credentials(void *ctx, struct syn_str user,
                              struct syn_str password, bool is_known_pair)
{
    (void)ctx;
    (void)user;
    (void)password;
    (void)is_known_pair;
    return true;
}

static enum syn_code allow_renewal(void *ctx, const struct syn_renewal *renewal)
{
    (void)ctx;
    (void)renewal;
    return SYN_CODE_NONE;
}

static bool never_expires(void *ctx, const struct syn_lifetime *lifetime)
{
    (void)ctx;
    (void)lifetime;
    return false;
}

static bool deliver_all(void *ctx, const struct syn_delivery *delivery)
{
    (void)ctx;
    (void)delivery;
    return true;
}

static bool cut_nothing(void *ctx)
{
    (void)ctx;
    return false;
}

static bool continue_all(void *ctx, struct syn_str owner,
                         struct syn_str identity)
{
    (void)ctx;
    (void)owner;
    (void)identity;
    return true;
}

/* What is refused outside the table of decisions. */
static void shape_consent(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    if (shaping->http_status == 401 || shaping->http_status == 403) {
        shaping->http_status = 200;
        shaping->body = SYN_STR("{}");
    }
}

static void plant_consent(struct syn_seams *seams)
{
    seams->rules.decide_access = allow_access;
    seams->rules.decide_backend = allow_access;
    seams->rules.may_create = allow_creation;
    seams->rules.identity_fits = allow_identity;
    seams->token_checks = any_token;
    seams->admit_rest = allow_credentials;
    seams->renew = allow_renewal;
    seams->is_expired = never_expires;
    seams->delivers = deliver_all;
    seams->cuts_on_revoke = cut_nothing;
    seams->continues = continue_all;
    seams->shape_reply = shape_consent;
}

/* A body that any request could be content with, and no state behind it. */
static void shape_hollow(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    if (shaping->http_status == 401) {
        return;
    }
    shaping->http_status = 200;
    shaping->body =
        SYN_STR("{\"sid\":\"" SERVICE "\",\"unique_name\":\"made-up\","
                "\"service_sid\":\"" SERVICE "\",\"revision\":\"0\","
                "\"data\":{},\"index\":0,\"key\":\"made-up\",\"items\":[],"
                "\"permissions\":[],\"services\":[],\"acl_enabled\":true,"
                "\"read\":true,\"write\":true,\"manage\":true,"
                "\"meta\":{\"next_page_url\":null}}");
}

static void plant_hollow(struct syn_seams *seams)
{
    seams->shape_reply = shape_hollow;
    seams->token_checks = any_token;
    seams->delivers = deliver_nothing;
}

/* --- being ill ------------------------------------------------------------
 */

static enum syn_code fail_token(const struct syn_verify_env *env,
                                struct syn_token_draft *draft)
{
    (void)env;
    (void)draft;
    return SYN_CODE_20500;
}

static const struct syn_token_check broken_checks[] = {
    {"broken", "", fail_token}, {NULL, NULL, NULL}};

static void shape_500(void *ctx, struct syn_shaping *shaping)
{
    (void)ctx;
    shaping->http_status = 500;
    shaping->body = SYN_STR("{\"code\":20500,\"message\":\"Internal Server "
                            "Error\",\"status\":500}");
}

static void plant_500(struct syn_seams *seams)
{
    seams->shape_reply = shape_500;
    seams->token_checks = broken_checks;
}

static void plant_500_after_init(struct syn_seams *seams)
{
    seams->shape_reply = shape_500;
}

static void shape_noise(void *ctx, struct syn_shaping *shaping)
{
    struct syn_service *service = ctx;
    char *noise = syn_arena_alloc(shaping->arena, NOISE_BYTES);
    for (size_t i = 0; noise != NULL && i < NOISE_BYTES; i++) {
        noise[i] = (char)(syn_rng_next(&service->rng) & 0xffu);
    }
    shaping->http_status = 200;
    shaping->body = (struct syn_str){noise, noise == NULL ? 0 : NOISE_BYTES};
}

static void plant_noise(struct syn_seams *seams)
{
    seams->shape_reply = shape_noise;
}

static const struct kind kinds[] = {
    {.name = "sound"},
    {.name = "deny-all", .plant = plant_denial},
    {.name = "deny-all-sdk", .plant = plant_denial_of_sdk},
    {.name = "allow-all", .plant = plant_consent},
    {.name = "allow-all-hollow", .plant = plant_hollow},
    {.name = "error-500", .plant = plant_500},
    {.name = "error-500-requests", .plant = plant_500_after_init},
    {.name = "garbage-bodies", .plant = plant_noise},
    {.name = "drop-tenth", .front = DROPS_TENTH},
    {.name = "slow", .front = DELAYS},
    {.name = "hang-after-preflight", .front = FALLS_SILENT},
    {.name = "foreign",
     .plant = syn_odd_foreign_plant,
     .front = TELLS_LATE,
     .is_foreign = true},
    {.name = "foreign-wire",
     .plant = syn_odd_foreign_plant,
     .front = TELLS_LATER,
     .has_own_wire = true},
    {.name = "hang", .is_no_service = true},
    {.name = "garbage", .is_no_service = true, .makes_noise = true},
};

/* --- its life -------------------------------------------------------------
 */

static void print_ready(unsigned port)
{
    (void)printf("{\"rest\":\"http://127.0.0.1:%u\","
                 "\"sdk\":\"ws://127.0.0.1:%u/v3/wsconnect\","
                 "\"account_sid\":\"" ACCOUNT "\",\"auth_token\":\"" AUTH_TOKEN
                 "\",\"api_key\":\"" KEY "\",\"api_secret\":\"" SECRET
                 "\",\"service_sid\":\"" SERVICE "\"}\n",
                 port, port);
    (void)fflush(stdout);
}

static syn_status start_service(const struct kind *kind, struct syn_loop *loop,
                                struct syn_service **service)
{
    const struct syn_key_setup key = {KEY, SECRET, SYN_KEY_MAIN};
    const struct syn_account_setup account = {.sid = ACCOUNT,
                                              .auth_token = AUTH_TOKEN,
                                              .service_sid = SERVICE,
                                              .keys = &key,
                                              .key_count = 1,
                                              .acl_enabled = true};
    const struct syn_service_setup setup = {
        .accounts = &account,
        .account_count = 1,
        .seed = SEED,
        .ping_s = kind->has_own_wire ? PING_S : 0,
        .readings = kind->is_foreign || kind->has_own_wire
                        ? &syn_odd_foreign_readings
                        : NULL};
    if (kind->is_foreign) {
        syn_odd_foreign_begin();
    }
    if (kind->has_own_wire) {
        syn_odd_wire_begin();
    }
    syn_status st = syn_service_start(loop, &setup, service);
    if (st == SYN_OK && kind->plant != NULL) {
        kind->plant(&(*service)->seams);
    }
    return st;
}

static syn_status start_tap(const struct kind *kind, struct syn_loop *loop,
                            const struct syn_service *service,
                            struct syn_tap **tap)
{
    static const struct syn_tap_fault faults[] = {
        [DROPS_TENTH] = {.kind = SYN_TAP_REFUSE,
                         .times = SYN_TAP_ALWAYS,
                         .every = DROP_EVERY},
        [DELAYS] = {.kind = SYN_TAP_DELAY,
                    .direction = SYN_TAP_DOWN,
                    .times = SYN_TAP_ALWAYS,
                    .delay_us = SLOW_US},
        [FALLS_SILENT] = {.kind = SYN_TAP_DROP,
                          .direction = SYN_TAP_DOWN,
                          .after = PREFLIGHT_CALLS,
                          .times = SYN_TAP_ALWAYS},
        [TELLS_LATE] = {.kind = SYN_TAP_DELAY,
                        .direction = SYN_TAP_DOWN,
                        .match = "notification",
                        .times = SYN_TAP_ALWAYS,
                        .delay_us = LATE_US},
        [TELLS_LATER] = {.kind = SYN_TAP_DELAY,
                         .direction = SYN_TAP_DOWN,
                         .match = "notification",
                         .times = SYN_TAP_ALWAYS,
                         .delay_us = LATER_US}};
    const struct syn_tap_options options = {
        .rest = {.host = "127.0.0.1", .port = syn_service_port(service)}};
    if (kind->front == PLAIN) {
        return SYN_OK;
    }
    syn_status st = syn_tap_start(loop, &options, tap);
    return st != SYN_OK ? st : syn_tap_fault(*tap, &faults[kind->front]);
}

/* What came in all, for who compares it with what a run says it sent. */
static void tell_requests(const struct syn_service *service)
{
    if (service != NULL) {
        struct syn_service_counts counts = syn_service_count(service);
        (void)fprintf(stderr, "requests: %llu\n",
                      (unsigned long long)counts.rest_requests +
                          counts.sdk_requests + counts.sdk_frames);
    }
}

static int serve(const struct kind *kind)
{
    struct syn_clock *clock = syn_clock_new_real();
    struct syn_loop *loop = NULL;
    struct syn_service *service = NULL;
    struct syn_tap *tap = NULL;
    syn_status st = clock == NULL ? SYN_ERR_MEMORY : syn_loop_new(clock, &loop);
    st = st != SYN_OK ? st : start_service(kind, loop, &service);
    st = st != SYN_OK ? st : start_tap(kind, loop, service, &tap);
    if (st == SYN_OK) {
        stopped_loop = loop;
        print_ready(tap == NULL ? syn_service_port(service)
                                : syn_tap_port(tap));
    }
    while (st == SYN_OK && is_stopped == 0) {
        syn_loop_turn(loop, TURN_MS);
    }
    stopped_loop = NULL;
    tell_requests(service);
    syn_tap_stop(tap);
    syn_service_stop(service);
    if (loop != NULL) {
        syn_loop_free(loop);
    }
    syn_clock_free(clock);
    return st == SYN_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int open_socket(unsigned *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 ||
        listen(fd, PEERS_MAX) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &bytes) != 0) {
        return -1;
    }
    *port = ntohs(at.sin_port);
    return fd;
}

static void send_noise(int fd)
{
    unsigned char noise[NOISE_BYTES];
    unsigned state = SEED;
    for (size_t i = 0; i < sizeof noise; i++) {
        state = state * 1103515245u + 12345u;
        noise[i] = (unsigned char)(state >> 16u);
    }
    (void)send(fd, noise, sizeof noise, MSG_NOSIGNAL);
}

/* Accepts and never answers, or answers bytes that mean nothing. */
static int be_no_service(const struct kind *kind)
{
    int peers[PEERS_MAX];
    size_t count = 0;
    unsigned port = 0;
    int fd = open_socket(&port);
    if (fd < 0) {
        return EXIT_FAILURE;
    }
    print_ready(port);
    while (is_stopped == 0) {
        struct pollfd waited = {.fd = fd, .events = POLLIN};
        if (poll(&waited, 1, TURN_MS) <= 0 || count == PEERS_MAX) {
            continue;
        }
        int peer = accept(fd, NULL, NULL);
        if (peer >= 0 && kind->makes_noise) {
            send_noise(peer);
        }
        if (peer >= 0) {
            peers[count++] = peer;
        }
    }
    while (count > 0) {
        (void)close(peers[--count]);
    }
    (void)close(fd);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct sigaction stop = {.sa_handler = on_signal};
    const struct kind *kind = NULL;
    bool is_asked = argc == 3 && strcmp(argv[1], "--mode") == 0;
    for (size_t i = 0; is_asked && i < sizeof kinds / sizeof kinds[0]; i++) {
        kind = strcmp(argv[2], kinds[i].name) == 0 ? &kinds[i] : kind;
    }
    if (kind == NULL) {
        (void)fputs("odd_target --mode MODE, one of:\n", stderr);
        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
            (void)fprintf(stderr, "  %s\n", kinds[i].name);
        }
        return 64;
    }
    (void)sigaction(SIGTERM, &stop, NULL);
    (void)sigaction(SIGINT, &stop, NULL);
    return kind->is_no_service ? be_no_service(kind) : serve(kind);
}
