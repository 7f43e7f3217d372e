/*
 * embed.c - see embed.h.
 *
 * _DEFAULT_SOURCE: sysconf's clock ticks and page size.
 */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE
#endif
#include "load/embed.h"

#include "base/crypto.h"
#include "base/leave.h"
#include "base/log.h"
#include "net/loop.h"
#include "service/seams.h"
#include "service/service.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define RANDOM_BYTES 16
#define TURN_MS      200
#define NOTICE_S     5 /* of tokens that live for seconds */
#define STOP_MS      5000
#define OUT_OF_REACH 1000000 /* requests per second, of each limit */

static volatile sig_atomic_t is_stopped;

static void on_stop(int number)
{
    (void)number;
    is_stopped = 1;
}

static syn_status make_up(const char *prefix, char out[SYN_LOAD_TEXT_BYTES])
{
    unsigned char random[RANDOM_BYTES];
    char hex[2 * RANDOM_BYTES + 1];
    const syn_status st = syn_crypto_random(random, sizeof random);
    if (st == SYN_OK) {
        syn_crypto_hex(random, sizeof random, hex);
        (void)snprintf(out, SYN_LOAD_TEXT_BYTES, "%s%s", prefix, hex);
    }
    return st;
}

static syn_status make_credentials(struct syn_load_embed *embed)
{
    const struct {
        const char *prefix;
        char *out;
    } texts[] = {{"AC", embed->account_sid}, {"", embed->auth_token},
                 {"SK", embed->api_key},     {"", embed->api_secret},
                 {"IS", embed->service_sid}, {"AC", embed->neighbour_sid}};
    for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++) {
        const syn_status st = make_up(texts[i].prefix, texts[i].out);
        if (st != SYN_OK) {
            return st;
        }
    }
    return SYN_OK;
}

/* --- in the child --------------------------------------------------------- */

struct child {
    struct syn_clock *clock;
    struct syn_loop *loop;
    struct syn_service *service;
};

/* Limits cost time, so a sound service is measured without. One with a defect
 * has them, out of reach of any load, as the defect may be theirs. */
static void raise_limits(struct syn_service_setup *setup)
{
    setup->limits = SYN_LIMITS_REAL;
    setup->standing_max = SYN_LOAD_CLIENTS_MAX;
    for (unsigned i = 0; i < SYN_BUCKET_COUNT; i++) {
        setup->rates[i].rate_per_s = OUT_OF_REACH;
    }
}

static syn_status start_service(struct child *child,
                                const struct syn_load_embed *embed,
                                const struct syn_load_plan *plan)
{
    const struct syn_key_setup key = {embed->api_key, embed->api_secret,
                                      SYN_KEY_MAIN};
    /* The second is nobody's: what is heard of it should not have been told. */
    const struct syn_account_setup accounts[] = {
        {.sid = embed->account_sid,
         .auth_token = embed->auth_token,
         .service_sid = embed->service_sid,
         .keys = &key,
         .key_count = 1,
         .acl_enabled = true},
        {.sid = embed->neighbour_sid,
         .auth_token = embed->auth_token,
         .acl_enabled = true}};
    const bool is_short = plan->profile == SYN_LOAD_PROFILE_EXPIRE;
    struct syn_service_setup setup = {.accounts = accounts,
                                      .account_count =
                                          sizeof accounts / sizeof *accounts,
                                      .seed = plan->seed,
                                      .limits = SYN_LIMITS_OFF,
                                      .port_count = plan->ports,
                                      .notice_s = is_short ? NOTICE_S : 0,
                                      .defect = plan->defect};
    if (plan->defect != NULL) {
        raise_limits(&setup);
    }
    child->clock = syn_clock_new_real();
    if (child->clock == NULL) {
        return SYN_ERR_MEMORY;
    }
    syn_status st = syn_loop_new(child->clock, &child->loop);
    return st == SYN_OK
               ? syn_service_start(child->loop, &setup, &child->service)
               : st;
}

/* What the child tells when it listens, or why it does not. */
struct hello {
    syn_status status;
    uint16_t ports[SYN_LOAD_PORTS_MAX];
};

/* Never returns: serves until it is told to stop or its parent is gone. */
static _Noreturn void serve(const struct syn_load_embed *embed,
                            const struct syn_load_plan *plan, int tell)
{
    struct child child = {.clock = NULL};
    struct hello hello = {.status = SYN_OK};
    struct sigaction stop = {.sa_handler = on_stop};
    const pid_t parent = getppid();
    (void)sigaction(SIGTERM, &stop, NULL);
    stop.sa_handler = SIG_IGN; /* Ctrl-C is the parent's to act on */
    (void)sigaction(SIGINT, &stop, NULL);
    hello.status = start_service(&child, embed, plan);
    for (unsigned i = 0; hello.status == SYN_OK && i < plan->ports; i++) {
        hello.ports[i] = syn_service_port_at(child.service, i);
    }
    if (write(tell, &hello, sizeof hello) != (ssize_t)sizeof hello) {
        is_stopped = 1;
    }
    while (hello.status == SYN_OK && !is_stopped && getppid() == parent) {
        syn_loop_turn(child.loop, TURN_MS);
    }
    syn_service_stop(child.service);
    if (child.loop != NULL) {
        syn_loop_free(child.loop);
    }
    syn_clock_free(child.clock);
    syn_leave(hello.status == SYN_OK ? 0 : 1);
}

/* --- in the parent -------------------------------------------------------- */

syn_status syn_load_embed_start(struct syn_load_embed *embed,
                                const struct syn_load_plan *plan)
{
    int ends[2] = {-1, -1};
    struct hello hello = {.status = SYN_ERR_NET};
    memset(embed, 0, sizeof *embed);
    if (plan->defect != NULL && syn_defect_find(plan->defect) == NULL) {
        return SYN_ERR_CONFIG;
    }
    const syn_status st = make_credentials(embed);
    if (st != SYN_OK || pipe(ends) != 0) {
        return st != SYN_OK ? st : SYN_ERR_IO;
    }
    embed->pid = fork();
    if (embed->pid == 0) {
        (void)close(ends[0]);
        serve(embed, plan, ends[1]);
    }
    (void)close(ends[1]);
    embed->alive = ends[0];
    if (embed->pid < 0) {
        embed->pid = 0;
        (void)close(ends[0]);
        return SYN_ERR_MEMORY;
    }
    if (read(ends[0], &hello, sizeof hello) != (ssize_t)sizeof hello) {
        hello.status = SYN_ERR_NET;
    }
    memcpy(embed->ports, hello.ports, sizeof embed->ports);
    embed->port_count = plan->ports;
    if (hello.status != SYN_OK) {
        syn_load_embed_stop(embed);
    }
    return hello.status;
}

void syn_load_embed_stop(struct syn_load_embed *embed)
{
    struct pollfd alive = {.fd = embed->alive, .events = POLLIN};
    if (embed->pid == 0) {
        return;
    }
    (void)kill(embed->pid, SIGTERM);
    if (poll(&alive, 1, STOP_MS) == 0) {
        (void)kill(embed->pid, SIGKILL);
    }
    (void)waitpid(embed->pid, NULL, 0);
    (void)close(embed->alive);
    embed->pid = 0;
}

bool syn_load_embed_usage(const struct syn_load_embed *embed, int64_t *cpu_us,
                          int64_t *rss_bytes)
{
    char path[64];
    char text[1024];
    unsigned long user = 0;
    unsigned long system = 0;
    long pages = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)embed->pid);
    FILE *file = embed->pid == 0 ? NULL : fopen(path, "r");
    if (file == NULL) {
        return false;
    }
    const char *line = fgets(text, sizeof text, file);
    (void)fclose(file);
    const char *end = line == NULL ? NULL : strrchr(line, ')');
    if (end == NULL ||
        sscanf(end + 1,
               " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d "
               "%*d %*d %*d %*d %*u %*u %ld",
               &user, &system, &pages) != 3) {
        return false;
    }
    *cpu_us =
        (int64_t)(user + system) * SYN_LOAD_US_PER_S / sysconf(_SC_CLK_TCK);
    *rss_bytes = pages * sysconf(_SC_PAGESIZE);
    return true;
}
