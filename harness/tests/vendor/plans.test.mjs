// Plans, traces, target files: what docs/schema says is what the program reads. Each file
// of fixtures fits its schema; each file that is spoilt in one thing is refused
// by both, and the program names the place that the schema's validator names.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import Ajv from 'ajv/dist/2020.js';
import { folderOf, syncproof } from './recorder.mjs';

const root = (path) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const ajv = new Ajv({ allErrors: true, strict: false });
const schema = (name) => ajv.compile(JSON.parse(readFileSync(root(`docs/schema/${name}.schema.json`), 'utf8')));
const isPlan = schema('plan');
const isTarget = schema('target');
const isTraceLine = schema('trace');

// Comments go, strings stay.
const parsed = (text) => JSON.parse(text.replace(/("(?:[^"\\]|\\.)*")|\/\/.*$/gm, '$1'));
const apps = readdirSync(root('fixtures/apps'), { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name);
const plans = [...readdirSync(root('fixtures/plans')).filter((name) => name.endsWith('.json')).map((name) => `fixtures/plans/${name}`),
  ...apps.map((name) => `fixtures/apps/${name}/plan.json`)];
const traces = ['fixtures/traces/dashboard.jsonl', ...apps.map((name) => `fixtures/apps/${name}/trace.jsonl`)];

test('every plan of the fixtures fits the schema', () => {
  assert.ok(plans.length >= 14);
  for (const path of plans) {
    assert.ok(isPlan(parsed(readFileSync(root(path), 'utf8'))), `${path}: ${ajv.errorsText(isPlan.errors)}`);
  }
});

test('every line of the traces of the fixtures fits the schema', () => {
  assert.ok(traces.length >= 7);
  for (const path of traces) {
    for (const [n, line] of readFileSync(root(path), 'utf8').trim().split('\n').entries()) {
      assert.ok(isTraceLine(JSON.parse(line)), `${path}:${n + 1}: ${ajv.errorsText(isTraceLine.errors)}`);
    }
  }
});

test('what a dry run writes fits the schemas of grants and plans', (t) => {
  const folder = folderOf(t);
  const isGrants = schema('grants');
  for (const path of traces) {
    const dry = syncproof('dryrun', root(path), '--out', join(folder, 'out'), '--grants', join(folder, 'g.json'), '--emit-plan', join(folder, 'p.json'));
    assert.equal(dry.status, 1, dry.stderr);
    const grants = JSON.parse(readFileSync(join(folder, 'g.json'), 'utf8'));
    assert.ok(isGrants(grants), `${path}: ${ajv.errorsText(isGrants.errors)}`);
    assert.ok(isPlan(JSON.parse(readFileSync(join(folder, 'p.json'), 'utf8'))), `${path}: ${ajv.errorsText(isPlan.errors)}`);
  }
});

// --- target files: those of the fixtures and of the README -----------------------
const readme = [...readFileSync(root('README.md'), 'utf8').matchAll(/```jsonc\n(.*?)\n```/gs)].map(([, text]) => text).filter((text) => text.includes('"rest_url"'));
const targets = ['full', 'endpoint'].map((name) => readFileSync(root(`fixtures/fuzz/target/${name}`), 'utf8')).concat(readme);

test('every sample of a target file fits the schema', () => {
  assert.equal(readme.length, 1);
  for (const text of targets) {
    assert.ok(isTarget(parsed(text)), `${text}: ${ajv.errorsText(isTarget.errors)}`);
  }
});

const spoiltTargets = [
  ['/nmae', '', (file) => { file.nmae = 'x'; }],
  ['/rest_url', '/rest_url', (file) => { file.rest_url = 'ftp://x'; }],
  ['/sdk_url', '/sdk_url', (file) => { file.sdk_url = 7; }],
  ['/', '', (file) => { delete file.account_sid; }],
  ['/api_key', '', (file) => { delete file.api_secret; }],
  ['/mode', '/mode', (file) => { file.mode = 'careful'; }],
  ['/mode', '', (file) => { file.mode = 'disruptive'; }],
  ['/authorisation', '/authorisation', (file) => { file.authorisation = { reference: 'r' }; }],
  ['/authorisation/until', '/authorisation/until', (file) => { file.authorisation = { reference: 'r', until: 'soon' }; }],
  ['/tls/verify', '/tls/verify', (file) => { file.tls = { verify: 'no' }; }],
  ['/tls/ca', '/tls', (file) => { file.tls = { ca: 'x' }; }],
  ['/budget/requests', '/budget/requests', (file) => { file.budget = { requests: -1 }; }],
  ['/eventually/ttl_s', '/eventually/ttl_s', (file) => { file.eventually = { ttl_s: 2592001 }; }],
  ['/tokens/a', '/tokens/a', (file) => { file.tokens = { a: 1 }; }],
  ['/token_endpoint/users/0/identity', '/token_endpoint/users/0/identity', (file) => { file.token_endpoint = { users: [{ identity: 1 }] }; }],
  ['/use_proxy', '/use_proxy', (file) => { file.use_proxy = 'yes'; }],
];

test('a target file that is spoilt in one thing is refused by schema and program at one place', (t) => {
  const path = join(folderOf(t), 'target.json');
  const sound = { rest_url: 'https://sync.example', sdk_url: 'wss://sync.example/v3/wsconnect', account_sid: 'AC1', api_key: 'SK1', api_secret: 's' };
  assert.ok(isTarget(sound));
  for (const [place, pointer, spoil] of spoiltTargets) {
    const file = structuredClone(sound);
    spoil(file);
    assert.ok(!isTarget(file), place);
    assert.ok(isTarget.errors.some(({ instancePath }) => instancePath === pointer), `${place}: ${ajv.errorsText(isTarget.errors)}`);
    writeFileSync(path, JSON.stringify(file, null, 1));
    const list = syncproof('list', '--target', path);
    assert.equal(list.status, 64, place);
    assert.match(list.stderr, new RegExp(`:[0-9]+: ${place}: `), place);
  }
});

// What is spoilt, and where both must say so.
const spoiltPlans = [
  ['/plan', (plan) => { plan.plan = ''; }],
  ['/token/ttl_s', (plan) => { plan.token.ttl_s = 0; }],
  ['/token/ttl_s', (plan) => { plan.token.ttl_s = 1.5; }],
  ['/roles/agent/0', (plan) => { plan.roles.agent[0] = 7; }],
  ['/objects', (plan) => { plan.objects = {}; }],
  ['/objects/0/type', (plan) => { plan.objects[0].type = 'mop'; }],
  ['/objects/0/name', (plan) => { plan.objects[0].name = ''; }],
  ['/objects/0/open', (plan) => { plan.objects[0].open = 'often'; }],
  ['/objects/1/require_item_ttl', (plan) => { plan.objects[1].require_item_ttl = 'yes'; }],
  ['/objects/1/item_ttl_s', (plan) => { plan.objects[1].item_ttl_s = 31536001; }],
  ['/grants/1/rights/0', (plan) => { plan.grants[1].rights[0] = 'raed'; }],
  ['/grants/1/rights', (plan) => { plan.grants[1].rights = []; }],
  ['/never/0/object', (plan) => { plan.never[0].object = 1; }],
  ['/waivers/0/until', (plan) => { plan.waivers = [{ lint: 'shared-write', reason: 'r', owner: 'o', until: 'soon' }]; }],
];

test('a plan that is spoilt in one thing is refused by schema and program at one place', (t) => {
  const folder = folderOf(t);
  const file = join(folder, 'plan.json');
  for (const [place, spoil] of spoiltPlans) {
    const plan = parsed(readFileSync(root('fixtures/plans/small.json'), 'utf8'));
    spoil(plan);
    assert.ok(!isPlan(plan), place);
    assert.ok(isPlan.errors.some(({ instancePath }) => instancePath === place), `${place}: ${ajv.errorsText(isPlan.errors)}`);
    writeFileSync(file, JSON.stringify(plan, null, 1));
    const gate = syncproof('gate', file, '--out', join(folder, 'out'));
    assert.equal(gate.status, 64, `${place}: ${gate.stdout}`);
    const line = gate.stderr.match(/plan\.json:(\d+):\d+: (\S+): /);
    assert.equal(line?.[2], place, gate.stderr);
  }
});

test('members that are missing or unknown are refused by both', (t) => {
  const folder = folderOf(t);
  const file = join(folder, 'plan.json');
  const small = () => parsed(readFileSync(root('fixtures/plans/small.json'), 'utf8'));
  for (const spoil of [(plan) => { delete plan.objects; }, (plan) => { delete plan.plan; }, (plan) => { delete plan.objects[0].creator; },
    (plan) => { delete plan.grants[0].rights; }, (plan) => { plan.colour = 1; }, (plan) => { plan.objects[0].ttl = 5; },
    (plan) => { plan.grants[0].identity = 'x'; }, (plan) => { delete plan.grants[0].role; }]) {
    const plan = small();
    spoil(plan);
    assert.ok(!isPlan(plan), spoil.toString());
    writeFileSync(file, JSON.stringify(plan));
    const gate = syncproof('gate', file, '--out', join(folder, 'out'));
    assert.equal(gate.status, 64, spoil.toString());
    assert.match(gate.stderr, /plan\.json:1:\d+: \//);
  }
});

// Line, member, what is spoilt.
const spoiltTraces = [
  [1, 'from', (line) => { line.from = 'yesterday'; }],
  [1, 'trace', (line) => { line.trace = 2; }],
  [2, 'inv', (line) => { line.inv = 'mop'; }],
  [2, 'created_by', (line) => { line.created_by = 5; }],
  [4, 't', (line) => { line.t = -1; }],
  [4, 'src', (line) => { line.src = 'fax'; }],
  [6, 'op', (line) => { line.op = 'opne'; }],
  [6, 'mode', (line) => { line.mode = 'ajar'; }],
  [6, 'http', (line) => { line.http = '200'; }],
  [6, 'token', (line) => { line.token = 'e.e.e'; }],
];

test('a trace that is spoilt in one line is refused by schema and program, with line and member', (t) => {
  const folder = folderOf(t);
  const file = join(folder, 'trace.jsonl');
  const whole = readFileSync(root('fixtures/traces/dashboard.jsonl'), 'utf8').trim().split('\n');
  for (const [at, member, spoil] of spoiltTraces) {
    const lines = whole.map((line) => JSON.parse(line));
    spoil(lines[at - 1]);
    assert.ok(!isTraceLine(lines[at - 1]), `${at}: ${member}`);
    writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const dry = syncproof('dryrun', file, '--out', join(folder, 'out'));
    assert.equal(dry.status, 64, `${at}: ${member}`);
    assert.ok(dry.stderr.includes(`trace.jsonl:${at}: ${member}: `), dry.stderr);
  }
});
