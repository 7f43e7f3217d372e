// Headless Chromium, with a profile of its own, ended with the test.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';

const STARTS_MS = 60000; // slowly on a busy machine
const LOOK_MS = 50;

export const browser = ['chromium', 'chromium-browser', 'google-chrome'].find((name) => {
  try {
    execFileSync(name, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});

export function browse(t, url) {
  const profile = mkdtempSync(join(tmpdir(), 'syn-browser-'));
  const child = spawn(browser, ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run',
    '--disable-dev-shm-usage', '--disable-background-networking', '--proxy-server=direct://',
    '--remote-debugging-port=0', `--user-data-dir=${profile}`, url], { stdio: 'ignore', detached: true });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  t.after(async () => {
    process.kill(-child.pid, 'SIGKILL'); // its helpers as well
    await ended;
    rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });
  return profile;
}

// A page that can be asked: evaluates JavaScript in it over Chromium's own
// protocol, and keeps what the page wanted from the network.
export class Page {
  static async open(t, url) {
    const profile = browse(t, 'about:blank');
    const file = join(profile, 'DevToolsActivePort');
    for (let waited = 0; !existsSync(file) && waited < STARTS_MS; waited += LOOK_MS) {
      await sleep(LOOK_MS);
    }
    const port = readFileSync(file, 'utf8').split('\n')[0];
    const listed = await (await fetch(`http://127.0.0.1:${port}/json/list`)).json();
    const page = new Page();
    page.socket = new WebSocket(listed.find(({ type }) => type === 'page').webSocketDebuggerUrl);
    t.after(() => page.socket.terminate());
    await new Promise((resolve, reject) => page.socket.once('open', resolve).once('error', reject));
    page.socket.on('message', (text) => page.#take(JSON.parse(text)));
    for (const domain of ['Page', 'Runtime', 'Network', 'Log']) await page.#ask(`${domain}.enable`);
    const loaded = new Promise((resolve) => { page.onload = resolve; });
    await page.#ask('Page.navigate', { url });
    await loaded;
    return page;
  }

  requested = []; // addresses
  complaints = []; // exceptions and errors of the console
  #last = 0;
  #asked = new Map();

  #take({ id, result, error, method, params }) {
    if (id !== undefined) {
      const { resolve, reject } = this.#asked.get(id);
      this.#asked.delete(id);
      if (error === undefined) resolve(result);
      else reject(new Error(error.message));
    } else if (method === 'Page.loadEventFired') {
      this.onload?.();
    } else if (method === 'Network.requestWillBeSent') {
      this.requested.push(params.request.url);
    } else if (method === 'Runtime.exceptionThrown') {
      this.complaints.push(params.exceptionDetails.text);
    } else if (method === 'Log.entryAdded' && params.entry.level === 'error') {
      this.complaints.push(params.entry.text);
    }
  }

  #ask(method, params = {}) {
    const id = ++this.#last;
    this.socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve, reject) => this.#asked.set(id, { resolve, reject }));
  }

  async evaluate(expression) {
    const { result, exceptionDetails } =
      await this.#ask('Runtime.evaluate', { expression, returnByValue: true });
    if (exceptionDetails !== undefined) throw new Error(exceptionDetails.text);
    return result.value;
  }
}
