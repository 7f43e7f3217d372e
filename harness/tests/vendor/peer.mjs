// The SDK plane spoken by hand: requests that no SDK would send.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import WebSocket from 'ws';
import { within } from './service.mjs';

const WAIT_MS = 10000;
const COLLECTIONS = { document: 'Documents', list: 'Lists', map: 'Maps', stream: 'Streams' };

// A peer that says on the wire what no SDK would.
export class Peer {
  static async start(t, uri, token, continuation = null, options = {}) {
    const socket = new WebSocket(uri, options);
    t.after(() => socket.terminate());
    await once(socket, 'open');
    const peer = new Peer(socket);
    peer.reply = await peer.#send({
      method: 'init', token, continuation_token: continuation, capabilities: ['client_update', 'offline_storage'],
      registrations: [{ product: 'data_sync', type: 'ers', notification_protocol_version: 0, message_types: ['twilio.sync.event'] }],
    });
    return peer;
  }

  constructor(socket) {
    this.socket = socket;
    this.told = []; // every frame of the service, as text
    this.notes = []; // payloads of notifications
    this.waiting = new Map();
    this.listeners = new Set();
    this.count = 0;
    socket.on('message', (bytes) => this.#hear(bytes));
  }

  #hear(bytes) {
    this.told.push(bytes.toString());
    const start = bytes.indexOf('\r\n') + 2;
    const length = Number(bytes.subarray(0, start).toString().split(' ')[2]);
    const header = JSON.parse(bytes.subarray(start, start + length).toString());
    const text = bytes.subarray(start + length + 2, start + length + 2 + (header.payload_size ?? 0)).toString();
    const payload = text === '' ? undefined : JSON.parse(text);
    if (header.method === 'reply') {
      this.waiting.get(header.id)?.({ ...header, payload });
    } else if (header.method === 'notification') {
      this.notes.push(payload);
      this.listeners.forEach((listener) => listener(payload));
    }
  }

  #send(header, body) {
    const id = `TM${String(this.count += 1).padStart(32, '0')}`;
    const payload = Buffer.from(body === undefined ? '' : JSON.stringify(body));
    const head = Buffer.from(JSON.stringify({ id, payload_type: 'application/json', ...header, payload_size: payload.length }));
    const reply = within(new Promise((resolve) => this.waiting.set(id, resolve)), WAIT_MS, 'reply');
    this.socket.send(Buffer.concat([Buffer.from(`TWILSOCK V3.0 ${head.length}\r\n`), head, Buffer.from('\r\n'), payload]));
    return reply;
  }

  async request(method, path, body, params = {}) {
    const { http_status: status, payload } = await this.#send({
      method: 'message', active_grant: 'data_sync',
      http_request: { host: 'cds.us1.twilio.com', path, method, params, headers: { 'Content-Type': 'application/json' } },
    }, body);
    return { status: status.code, code: payload?.code, payload };
  }

  // The outcome of each object of a batch: an error's status, or "established".
  async subscribe(requests) {
    const correlation = Date.now() + this.count;
    const outcomes = new Map();
    const all = within(new Promise((resolve) => {
      const listener = ({ event_type: type, correlation_id: of, events = [] }) => {
        if (of !== correlation || !type.startsWith('subscription_')) {
          return;
        }
        for (const event of events) {
          outcomes.set(event.object_sid, event.error?.status ?? 'established');
        }
        if (outcomes.size === requests.length) {
          this.listeners.delete(listener);
          resolve(outcomes);
        }
      };
      this.listeners.add(listener);
    }), WAIT_MS, 'outcome of subscriptions');
    const { status } = await this.request('POST', '/v4/Subscriptions', {
      event_protocol_version: 4, action: 'establish', correlation_id: correlation, retried_requests: 0, ttl_in_s: -1, requests,
    });
    assert.equal(status, 202);
    return all;
  }
}

const DATA = { data: { taken: 'over' } };
// Every request of the SDK plane about the four objects `ids` of a service, and
// about the item `key` of its map.
export function sdkRequests(service, ids, key) {
  const root = `/v3/Services/${service}`;
  const list = `${root}/Lists/${ids.list}`;
  const map = `${root}/Maps/${ids.map}`;
  const objects = Object.entries(COLLECTIONS).flatMap(([type, collection]) => [
    ['GET', `/v3/${collection}/${ids[type]}`],
    ['GET', `${root}/${collection}/${ids[type]}`],
    ['POST', `${root}/${collection}/${ids[type]}`, { ttl: 1 }],
    ['DELETE', `${root}/${collection}/${ids[type]}`],
  ]);
  return [...objects,
    ['POST', `${root}/Documents/${ids.document}`, DATA],
    ['GET', map, undefined, { Include: 'items' }],
    ['GET', `${list}/Context`], ['GET', `${list}/Items`], ['GET', `${map}/Items`],
    ['GET', `${list}/Items`, undefined, { Index: '0' }], ['GET', `${map}/Items`, undefined, { Key: key }],
    ['GET', `${list}/Items/0`], ['GET', `${map}/Items/${key}`],
    ['POST', `${list}/Items`, DATA], ['POST', `${list}/Items/0`, DATA], ['DELETE', `${list}/Items/0`],
    ['POST', `${map}/Items`, { key: 'taken', ...DATA }], ['PUT', `${map}/Items/taken`, DATA],
    ['POST', `${map}/Items/${key}`, DATA], ['DELETE', `${map}/Items/${key}`],
    ['POST', `${root}/Streams/${ids.stream}/Messages`, DATA],
  ];
}
