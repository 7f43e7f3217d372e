// The SDK's browser bundle, from a page, in headless Chromium: another engine,
// another WebSocket, another URL parser than Node's.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { browse, browser } from './chromium.mjs';
import { Service, within } from './service.mjs';

const STEP_MS = 60000; // a browser starts slowly on a busy machine
const BUNDLE = new URL('node_modules/twilio-sync/builds/twilio-sync.min.js', import.meta.url);

// What the page runs; whatever it reports comes back as one POST a step.
const page = (token, uri) => `<!doctype html><meta charset="utf-8"><title>sync</title>
<script src="/bundle.js"></script>
<script>
const say = (step, value) => fetch('/said', { method: 'POST', body: JSON.stringify({ step, value }) });
(async () => {
  try {
    const client = new Twilio.Sync.Client(${JSON.stringify(token)}, { Twilsock: { uri: ${JSON.stringify(uri)} } });
    const doc = await client.document('board');
    doc.on('updated', ({ data, isLocal }) => say('updated', { data, isLocal }));
    await doc.set({ from: 'page' });
    const map = await client.map('scores');
    map.on('itemAdded', ({ item }) => say('itemAdded', { key: item.key, data: item.data }));
    await map.set('a', { n: 1 });
    await say('ready', { sid: doc.sid, mode: client.connectionState });
    const closed = await client.document({ id: 'closed', mode: 'open_existing' }).then(
      () => ({ opened: true }), ({ status, code }) => ({ status, code }));
    await say('closed', closed);
  } catch (error) {
    await say('failed', String(error && error.stack || error));
  }
})();
</script>`;

// Serves the page and keeps what it says.
class Site {
  static async open(t, service) {
    const site = new Site();
    const html = page(service.token('ann'), service.ready.sdk);
    const server = createServer(async (request, response) => {
      if (request.method === 'POST') {
        const parts = [];
        for await (const part of request) parts.push(part);
        site.#hear(JSON.parse(Buffer.concat(parts).toString()));
        response.end();
      } else if (request.url === '/bundle.js') {
        response.setHeader('content-type', 'text/javascript');
        response.end(readFileSync(BUNDLE));
      } else {
        response.setHeader('content-type', 'text/html');
        response.end(request.url === '/' ? html : '');
      }
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    site.url = `http://127.0.0.1:${server.address().port}/`;
    t.after(() => server.close());
    return site;
  }

  said = [];
  #waiting = [];

  #hear(message) {
    this.said.push(message);
    this.#waiting = this.#waiting.filter((look) => !look());
  }

  // The value of the first step of this name that fits.
  heard(step, fits = () => true) {
    return within(new Promise((resolve, reject) => {
      const look = () => {
        const failed = this.said.find((one) => one.step === 'failed');
        const found = this.said.find((one) => one.step === step && fits(one.value));
        if (failed !== undefined) reject(new Error(failed.value));
        else if (found !== undefined) resolve(found.value);
        return failed !== undefined || found !== undefined;
      };
      if (!look()) this.#waiting.push(look);
    }), STEP_MS, `"${step}" of the page`);
  }
}

test('the browser bundle works from a page in Chromium', { skip: browser === undefined && 'no Chromium' }, async (t) => {
  const service = await Service.alone(t, '--acl', 'on');
  await service.instance().documents.create({ uniqueName: 'closed', data: { secret: 1 } });
  const site = await Site.open(t, service);
  browse(t, site.url);
  const ready = await site.heard('ready');
  assert.match(ready.sid, /^ET[0-9a-f]{32}$/);

  // Its own changes, then one of the backend while it listens.
  await site.heard('updated', ({ data }) => data.from === 'page');
  assert.deepEqual((await site.heard('itemAdded')), { key: 'a', data: { n: 1 } });
  await service.instance().documents('board').update({ data: { from: 'backend' } });
  const change = await site.heard('updated', ({ data }) => data.from === 'backend');
  assert.equal(change.isLocal, false);

  // And what nobody granted stays closed to it.
  assert.deepEqual(await site.heard('closed'), { status: 403, code: 54007 });
  const stored = await service.instance().documents(ready.sid).fetch();
  assert.deepEqual(stored.data, { from: 'backend' });
});
