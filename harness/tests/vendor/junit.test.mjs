// A reader of JUnit that nobody here wrote agrees with our own counts: on a
// report per verdict, on a run that passes and on one that fails.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parse } from 'junit2json';

const fixtures = new URL('../../../fixtures/reports/', import.meta.url);
let place;

before(async () => {
  place = await mkdtemp(join(tmpdir(), 'syn-junit-'));
});
after(() => rm(place, { recursive: true }));

const cases = (report) => (report.testsuite ?? []).flatMap((suite) => suite.testcase ?? []);
const having = (report, kind) => cases(report).filter((one) => (one[kind] ?? []).length > 0).length;

// What the reader counts is what the report says of itself.
function assertCounts(report) {
  assert.equal(cases(report).length, report.tests);
  assert.equal(having(report, 'failure'), report.failures);
  assert.equal(having(report, 'error'), report.errors);
  assert.equal(having(report, 'skipped'), report.skipped ?? sumSkipped(report));
}
const sumSkipped = (report) => (report.testsuite ?? []).reduce((sum, suite) => sum + (suite.skipped ?? 0), 0);

test('a report of each verdict is read with its own counts', async () => {
  const names = (await readdir(fixtures)).filter((name) => name.endsWith('.xml'));
  assert.ok(names.length >= 10);
  for (const name of names) {
    const report = await parse(await readFile(new URL(name, fixtures), 'utf8'));
    assertCounts(report);
    assert.equal(cases(report).length, 1, name);
  }
});

function run(args) {
  return new Promise((resolve) => {
    execFile(process.env.SYNCPROOF, args, { env: { ...process.env, SYN_JUNIT_SECRET: 'of-this-test' } },
      (error) => resolve(error === null ? 0 : error.code));
  });
}

async function readBoth(out) {
  const report = await parse(await readFile(join(out, 'junit.xml'), 'utf8'));
  const ours = JSON.parse(await readFile(join(out, 'run.json'), 'utf8'));
  return { report, verdicts: ours.summary.verdicts, results: ours.results };
}

test('a run that passes has as many cases as rows', async () => {
  const out = join(place, 'green');
  assert.equal(await run(['run', 'acl/off', 'ttl/expiry', '--out', out]), 0);
  const { report, verdicts, results } = await readBoth(out);
  assertCounts(report);
  assert.deepEqual(cases(report).map((one) => one.name).sort(), results.map((one) => one.name).sort());
  assert.equal(having(report, 'failure'), 0);
  assert.equal(verdicts.pass, results.length);
});

test('a run that fails has as many failures as verdicts of fail', async () => {
  const serve = spawn(process.env.SYNCPROOF,
    ['serve', '--virtual-clock', '--limits', 'off', '--defect', 'grant-ignored', '--api-secret', 'env:SYN_JUNIT_SECRET'],
    { stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, SYN_JUNIT_SECRET: 'of-this-test' } });
  try {
    const ready = JSON.parse(await new Promise((resolve) => serve.stdout.once('data', resolve)));
    const target = join(place, 'target.json');
    await writeFile(target, JSON.stringify({
      name: 'wrong', rest_url: ready.rest, sdk_url: ready.sdk, account_sid: ready.account_sid,
      api_key: ready.api_key, api_secret: 'env:SYN_JUNIT_SECRET', clock: 'virtual',
    }));
    const out = join(place, 'red');
    assert.equal(await run(['run', 'acl/defaults', '--target', target, '--out', out]), 1);
    const { report, verdicts } = await readBoth(out);
    assertCounts(report);
    assert.ok(verdicts.fail > 0);
    assert.equal(having(report, 'failure'), verdicts.fail + verdicts.xpass);
    assert.equal(having(report, 'error'), verdicts.error + verdicts.inconclusive);
    assert.equal(having(report, 'skipped'), verdicts.skipped + verdicts.xfail);
  } finally {
    serve.kill('SIGTERM');
  }
});
