// The page that `--html` writes, in a browser: it fits, it needs no network, and
// its filters do what they say.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Page, browser } from './chromium.mjs';
import { Service } from './service.mjs';

const skip = browser === undefined && 'no Chromium';
const MIB = 1024 * 1024;
const MARKDOWN_MAX = 60000;

const syncproof = (...args) => new Promise((resolve) => {
  execFile(process.env.SYNCPROOF, args, { maxBuffer: 64 * MIB }, (error, stdout) =>
    resolve({ code: error === null ? 0 : error.code, stdout }));
});

async function reported(t, ...args) {
  const place = await mkdtemp(join(tmpdir(), 'syn-report-'));
  t.after(() => rm(place, { recursive: true }));
  const [html, markdown] = [join(place, 'run.html'), join(place, 'run.md')];
  const { code } = await syncproof(...args, '--seed', '7', '--out', place, '--html', html, '--markdown', markdown);
  const run = JSON.parse(await readFile(join(place, 'run.json'), 'utf8'));
  return { code, html, markdown, run };
}

// Choose in a filter, or type words; the rows that are left.
const choose = (page, name, value) => page.evaluate(`(() => {
  const field = document.querySelector('#filter [name="${name}"]') ?? document.querySelector('#filter input');
  field.value = ${JSON.stringify(value)};
  field.dispatchEvent(new Event('input', { bubbles: true }));
  return [...document.querySelectorAll('#rows tbody tr')].filter((row) => !row.hidden).length;
})()`);

test('rows are filtered by clause, level, subject, actor, type, verdict and words', { skip }, async (t) => {
  const { code, html, run } = await reported(t, 'run', 'acl/defaults', 'acl/revocation', 'tok/issued', 'ttl/exposure');
  assert.equal(code, 0);
  const page = await Page.open(t, pathToFileURL(html).href);
  const rows = run.results;
  const having = (fits) => rows.filter(fits).length;
  const clauses = (row) => row.clauses.map(({ id }) => id);
  const cases = [
    ['clause', 'ACL-21', having((row) => clauses(row).includes('ACL-21'))],
    ['level', 'SHOULD', having((row) => row.level === 'SHOULD')],
    ['subject', 'issuer', having((row) => row.subject === 'issuer')],
    ['actor', 'bob', having((row) => row.actors.includes('bob'))],
    ['type', 'map', having((row) => row.type === 'map')],
    ['verdict', 'pass', having((row) => row.verdict === 'pass')],
  ];
  for (const [name, value, wanted] of cases) {
    assert.ok(wanted > 0 && wanted < rows.length || name === 'verdict', `${name} ${value}: ${wanted}`);
    assert.equal(await choose(page, name, value), wanted, `${name} ${value}`);
    assert.equal(await choose(page, name, 'any'), rows.length);
  }
  assert.equal(await choose(page, 'words', 'CREATOR-alone'), having((row) => row.name.includes('creator-alone')));
  assert.ok(await page.evaluate("document.querySelectorAll('figure.plot svg polyline').length") >= 2);
  assert.deepEqual(page.requested, [pathToFileURL(html).href]);
  assert.deepEqual(page.complaints, []);
});

test('a run with failures shows their transcripts, and fits 5 MB and a summary of 60 KB', { skip }, async (t) => {
  const service = await Service.alone(t, '--acl', 'on', '--virtual-clock', '--defect', 'sdk-object-open-to-all');
  const place = await mkdtemp(join(tmpdir(), 'syn-report-'));
  t.after(() => rm(place, { recursive: true }));
  const { rest, sdk, account_sid, api_key, api_secret, auth_token } = service.ready;
  const target = join(place, 'target.json');
  await writeFile(target, JSON.stringify({
    name: 'odd', rest_url: rest, sdk_url: sdk, account_sid, api_key, api_secret, auth_token, clock: 'virtual',
    budget: { requests: 100000, writes: 50000, rest_per_s: 1000, connects_per_s: 1000 } }));
  const { code, html, markdown, run } = await reported(t, 'run', 'acl/', '--target', target);
  assert.equal(code, 1);
  const failed = run.results.filter(({ verdict }) => verdict === 'fail');
  assert.ok(failed.length >= 5, `${failed.length} failures`);
  assert.ok((await stat(html)).size < 5 * MIB);
  assert.ok((await stat(markdown)).size < MARKDOWN_MAX);
  const page = await Page.open(t, pathToFileURL(html).href);
  const shown = await page.evaluate("[...document.querySelectorAll('details pre')].map((one) => one.textContent)");
  assert.equal(shown.length, run.results.filter(({ verdict }) =>
    !['pass', 'skipped', 'info', 'xfail'].includes(verdict)).length);
  assert.ok(shown.some((text) => text.includes('sent by') && text.includes('received by')));
  assert.ok(shown.every((text) => !text.includes(api_secret) && !text.includes(auth_token)));
  assert.deepEqual(page.requested, [pathToFileURL(html).href]);
  assert.deepEqual(page.complaints, []);
});
