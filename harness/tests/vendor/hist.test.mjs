// The log of latencies that `stress` writes, read by HdrHistogram's own reader
// for JavaScript, against the figures that stress printed of the same run.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import hdr from "hdr-histogram-js";

function stress(folder) {
    const run = spawnSync(process.env.SYNCPROOF, [
        "stress", "steady", "--clients", "20", "--workers", "2",
        "--duration", "4", "--warmup", "1", "--ramp", "1", "--rate", "100",
        "--seed", "1", "--out", folder,
    ], { encoding: "utf8" });
    assert.ok([0, 3].includes(run.status), run.stdout + run.stderr);
}

// All intervals of a tag as one histogram, by the library's own log reader.
function readTag(log, tag) {
    const reader = new hdr.HistogramLogReader(log, 64, false);
    let sum = null;
    for (let one = reader.nextIntervalHistogram(); one !== null;
        one = reader.nextIntervalHistogram()) {
        if (one.tag !== tag) {
            continue;
        }
        assert.ok(one.startTimeStampMsec > Date.now() - 3600_000);
        if (sum === null) {
            sum = one;
        } else {
            sum.add(one);
        }
    }
    assert.ok(sum !== null, `no line of ${tag}`);
    return sum;
}

function measures(folder) {
    const report = JSON.parse(readFileSync(join(folder, "run.json"), "utf8"));
    const figures = report.results.find((one) => one.id === "stress/run/figures");
    return new Map(figures.measures.map((one) => [one.name, one.value]));
}

test("HdrHistogram reads the log and finds the same percentiles", () => {
    const folder = mkdtempSync(join(tmpdir(), "syn-hist-"));
    try {
        stress(folder);
        const log = readFileSync(join(folder, "latency.hlog"), "utf8");
        const figures = measures(folder);
        assert.match(log, /^#\[Histogram log format version 1\.3\]$/m);
        for (const tag of ["delivery", "connect", "roundtrip"]) {
            const sum = readTag(log, tag);
            assert.equal(sum.totalCount, figures.get(`${tag}.count`));
            assert.ok(sum.totalCount > 0);
            for (const percent of [50, 90, 99]) {
                const theirs = sum.getValueAtPercentile(percent);
                const ours = figures.get(`${tag}.p${percent}_us`);
                // Ours never exceeds the largest value; theirs is its cell's end.
                assert.ok(ours <= theirs && theirs <= ours * 1.01 + 1,
                    `${tag} p${percent}: ${ours} and ${theirs}`);
            }
        }
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
});
