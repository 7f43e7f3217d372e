// ws.mjs PORT COUNT SECONDS: COUNT connections of npm `ws`, one message under
// way each. Prints `rate=… own_us=…`, as load_client does.
import WebSocket from 'ws';

const [port, count, seconds] = process.argv.slice(2).map(Number);
const message = Buffer.alloc(128);
const sockets = [];
let answers = 0;

const opened = Array.from({ length: count }, () => new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/echo`, { perMessageDeflate: false });
    socket.on('open', resolve);
    socket.on('error', reject);
    socket.on('message', () => {
        answers++;
        socket.send(message);
    });
    sockets.push(socket);
}));
await Promise.all(opened);
for (const socket of sockets) socket.send(message);
await new Promise((resolve) => setTimeout(resolve, 500));

const before = answers;
const cpu = process.cpuUsage();
const begun = process.hrtime.bigint();
await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
const used = process.cpuUsage(cpu);
const done = answers - before;
const took = Number(process.hrtime.bigint() - begun) / 1e9;
console.log(`rate=${(done / took).toFixed(0)} own_us=${((used.user + used.system) / done).toFixed(3)}`);
process.exit(0);
