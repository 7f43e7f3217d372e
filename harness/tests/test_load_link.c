/*
 * test_load_link.c - outgoing connections: where they come from and go to,
 * those that read little or nothing, and those that a proxy stops.
 */
#include "load/link.h"
#include "net/route.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

Suite *suite_load_link(void);

#define PORTS    3
#define SOURCES  4
#define EACH     2 /* connections of each pair */
#define LINKS    (PORTS * SOURCES * EACH)
#define TURNS    200
#define TURN_US  10000
#define LOOPBACK 0x7f000001u

static int listeners[PORTS];
static uint16_t ports[PORTS];
static struct syn_load_net *net;
static struct syn_load_link links[LINKS];
static unsigned opened;
static size_t heard;
static unsigned lost;
static bool may_lose;

static void on_open(void *ctx, struct syn_load_link *link)
{
    (void)ctx;
    (void)link;
    opened++;
}

static size_t on_bytes(void *ctx, struct syn_load_link *link, struct syn_str in)
{
    (void)ctx;
    (void)link;
    heard += in.bytes;
    return in.bytes;
}

static void on_lost(void *ctx, struct syn_load_link *link, bool was_open)
{
    (void)ctx;
    (void)link;
    (void)was_open;
    ck_assert_msg(may_lose, "a connection was lost");
    lost++;
}

static const struct syn_load_link_events events = {on_open, on_bytes, on_lost};

static uint16_t listen_on_free_port(int *fd)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr *any = (struct sockaddr *)(void *)&at;
    socklen_t bytes = sizeof at;
    *fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_ge(*fd, 0);
    ck_assert_int_eq(bind(*fd, any, bytes), 0);
    ck_assert_int_eq(listen(*fd, LINKS), 0);
    ck_assert_int_eq(getsockname(*fd, any, &bytes), 0);
    return ntohs(at.sin_port);
}

static void open_net(const struct syn_route *route)
{
    struct syn_load_net_setup setup = {.sources = SOURCES, .events = &events};
    struct syn_load_place *place = &setup.places[SYN_LOAD_SDK];
    *place = (struct syn_load_place){
        .host = "127.0.0.1", .port_count = PORTS, .route = route};
    memcpy(place->ports, ports, sizeof ports);
    setup.places[SYN_LOAD_REST] = *place;
    ck_assert_int_eq(syn_load_net_open(&setup, &net), SYN_OK);
}

static void set_up(void)
{
    for (unsigned i = 0; i < PORTS; i++) {
        ports[i] = listen_on_free_port(&listeners[i]);
    }
    memset(links, 0, sizeof links);
    opened = lost = 0;
    heard = 0;
    may_lose = false;
    open_net(NULL);
}

static void tear_down(void)
{
    for (unsigned i = 0; i < LINKS; i++) {
        syn_load_link_close(net, &links[i], true);
    }
    syn_load_net_close(net);
    for (unsigned i = 0; i < PORTS; i++) {
        (void)close(listeners[i]);
    }
}

static void open_links(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        ck_assert(syn_load_link_open(net, &links[i], SYN_LOAD_SDK, i));
    }
    for (unsigned i = 0; i < TURNS && opened < count; i++) {
        syn_load_net_turn(net, TURN_US);
    }
    ck_assert_uint_eq(opened, count);
}

START_TEST(connections_spread_evenly_over_ports_and_sources)
{
    unsigned counts[PORTS][SOURCES] = {{0}};
    open_links(LINKS);
    for (unsigned i = 0; i < LINKS; i++) {
        const unsigned port = i % PORTS;
        struct sockaddr_in from;
        socklen_t bytes = sizeof from;
        const int fd =
            accept(listeners[port], (struct sockaddr *)(void *)&from, &bytes);
        ck_assert_int_ge(fd, 0);
        const uint32_t source = ntohl(from.sin_addr.s_addr) - LOOPBACK;
        ck_assert_uint_lt(source, SOURCES);
        counts[port][source]++;
        (void)close(fd);
    }
    for (unsigned port = 0; port < PORTS; port++) {
        for (unsigned source = 0; source < SOURCES; source++) {
            ck_assert_uint_eq(counts[port][source], EACH);
        }
    }
}
END_TEST

/* The bytes wait in the kernel, and the slow one takes a few at a time. */
START_TEST(paused_connection_reads_nothing_and_a_slow_one_sips)
{
    static const char text[] = "sixteen bytes or more in one message";
    open_links(1);
    const int fd = accept(listeners[0], NULL, NULL);
    ck_assert_int_ge(fd, 0);
    syn_load_link_pause(net, &links[0], true);
    ck_assert_int_eq(send(fd, text, sizeof text, 0), (int)sizeof text);
    syn_load_net_turn(net, TURN_US);
    ck_assert_uint_eq(heard, 0);
    syn_load_link_sip(net, &links[0]);
    ck_assert_uint_gt(heard, 0);
    ck_assert_uint_lt(heard, sizeof text);
    syn_load_link_pause(net, &links[0], false);
    for (unsigned i = 0; i < TURNS && heard < sizeof text; i++) {
        syn_load_net_turn(net, TURN_US);
    }
    ck_assert_uint_eq(heard, sizeof text);
    (void)close(fd);
}
END_TEST

/* The first listener is the proxy; its socket. */
static int ask_proxy(struct syn_load_link *link, const char *answer)
{
    const unsigned before = opened + lost;
    ck_assert(syn_load_link_open(net, link, SYN_LOAD_SDK, 0));
    ck_assert_str_ne(syn_load_link_bar(net, link), "");
    const int fd = accept(listeners[0], NULL, NULL);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_gt(send(fd, answer, strlen(answer), 0), 0);
    for (unsigned i = 0; i < TURNS && opened + lost == before; i++) {
        syn_load_net_turn(net, TURN_US);
    }
    return fd;
}

START_TEST(link_is_barred_by_its_own_proxy_and_until_it_passes)
{
    static const char refused[] = "the proxy answered CONNECT with 502";
    static const struct syn_route route = {
        .host = "sync.test", .port = 80, .proxy = {.host = "127.0.0.1"}};
    int fds[3];
    syn_load_net_close(net);
    open_net(&route);
    may_lose = true;
    fds[0] = ask_proxy(&links[0], "HTTP/1.1 502 Bad\r\n\r\n");
    ck_assert_uint_eq(lost, 1);
    fds[1] = ask_proxy(&links[1], "HTTP/1.1 200 OK\r\n\r\n");
    ck_assert_uint_eq(opened, 1);
    ck_assert_str_eq(syn_load_link_bar(net, &links[0]), refused);
    ck_assert_str_eq(syn_load_link_bar(net, &links[1]), "");
    fds[2] = ask_proxy(&links[0], "HTTP/1.1 200 OK\r\n\r\n");
    ck_assert_uint_eq(opened, 2);
    syn_load_link_close(net, &links[0], true);
    ck_assert_str_eq(syn_load_link_bar(net, &links[0]), "");
    for (unsigned i = 0; i < 3; i++) {
        (void)close(fds[i]);
    }
}
END_TEST

Suite *suite_load_link(void)
{
    Suite *suite = suite_create("load_link");
    TCase *tcase = tcase_create("links");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, connections_spread_evenly_over_ports_and_sources);
    tcase_add_test(tcase, paused_connection_reads_nothing_and_a_slow_one_sips);
    tcase_add_test(tcase, link_is_barred_by_its_own_proxy_and_until_it_passes);
    suite_add_tcase(suite, tcase);
    return suite;
}
