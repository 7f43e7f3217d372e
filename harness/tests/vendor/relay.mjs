// A WebSocket relay between an SDK and the service: it notes every frame, and
// it can drop the connections the way a network does.
import { once } from 'node:events';
import WebSocket, { WebSocketServer } from 'ws';

// "TWILSOCK V3.0 <length>\r\n<header>\r\n<payload>", as both sides send it.
function frameOf(bytes) {
  const start = bytes.indexOf('\r\n') + 2;
  const length = Number(bytes.subarray(0, start).toString().split(' ')[2]);
  return {
    header: JSON.parse(bytes.subarray(start, start + length).toString()),
    payload: bytes.subarray(start + length + 2).toString(),
  };
}

export class Relay {
  static async start(t, service) {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    const relay = new Relay(server, service.ready.sdk);
    t.after(() => relay.stop());
    return relay;
  }

  constructor(server, target) {
    this.server = server;
    this.uri = `ws://127.0.0.1:${server.address().port}/v3/wsconnect`;
    this.frames = []; // {from: 'client' | 'server', header, payload}
    this.connections = 0;
    this.pairs = new Set();
    server.on('connection', (client) => this.#join(client, new WebSocket(target)));
  }

  async #join(client, server) {
    const pair = [client, server];
    this.connections += 1;
    this.pairs.add(pair);
    const early = [];
    client.on('message', (bytes) => {
      this.frames.push({ from: 'client', ...frameOf(bytes) });
      if (server.readyState === WebSocket.OPEN) {
        server.send(bytes, { binary: true });
      } else {
        early.push(bytes);
      }
    });
    server.on('open', () => early.forEach((bytes) => server.send(bytes, { binary: true })));
    server.on('message', (bytes) => {
      this.frames.push({ from: 'server', ...frameOf(bytes) });
      client.send(bytes, { binary: true });
    });
    for (const [one, other] of [pair, pair.toReversed()]) {
      one.on('error', () => {});
      one.on('close', () => {
        other.close();
        this.pairs.delete(pair);
      });
    }
  }

  // Both ends lose the connection without a word.
  drop() {
    for (const pair of this.pairs) {
      pair.forEach((socket) => socket.terminate());
    }
  }

  sent(method) {
    return this.frames.filter(({ from, header }) => from === 'client' && header.method === method);
  }

  stop() {
    this.drop();
    this.server.close();
  }
}
