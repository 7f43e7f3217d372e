// An older line of the client SDK: other registration, other form of events,
// the same outcomes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SyncClient } from 'twilio-sync-1';
import { Relay } from './relay.mjs';
import { coreTests, opener } from './sdk-core.mjs';
import { Service, subscribed } from './service.mjs';

coreTests('1.0.0', SyncClient);
const open = opener(SyncClient);

test('the old line registers by itself and subscribes with protocol version 3', async (t) => {
  const service = await Service.start(t);
  const relay = await Relay.start(t, service);
  const ann = await open(service, 'ann', { relay });
  const doc = await ann.document('d');
  await subscribed(doc);
  assert.equal(SyncClient.version, '1.0.0');
  assert.equal(relay.sent('init')[0].header.registrations, null);

  const [registration] = relay.sent('put_notification_ctx');
  assert.equal(JSON.parse(registration.payload).product_id, 'data_sync');
  const reply = relay.frames.find(({ from, header }) => from === 'server' && header.id === registration.header.id);
  assert.deepEqual([reply.header.method, reply.header.status.code], ['reply', 200]);

  const subscriptions = relay.sent('message').filter(({ header }) => header.http_request.path === '/v4/Subscriptions');
  assert.equal(JSON.parse(subscriptions[0].payload).event_protocol_version, 3);
  const established = relay.frames.map(({ payload }) => payload)
    .filter((payload) => payload.includes('subscription_established')).map((payload) => JSON.parse(payload));
  assert.equal(established[0].event_protocol_version, 3);
  assert.equal(established[0].event.object_sid, doc.sid);
  assert.equal(established[0].events, undefined);
});
