import assert from "node:assert/strict";
import { test } from "node:test";
import { events, parser } from "../src/panel/server/sse.js";

const STREAM =
  ': ping\n\nid: 1\nevent: start\ndata: {"message":"m1"}\n\nid: 2\r\nevent: token\r\ndata: {"text":"é 日本 👩‍👩‍👧"}\r\n\r\nid: 3\nevent: token\ndata: {"text":\ndata: "two lines"}\n\nid: 4\nevent: done\ndata: {}\n\n';
const EXPECTED = [
  { id: 1, event: "start", data: { message: "m1" } },
  { id: 2, event: "token", data: { text: "é 日本 👩‍👩‍👧" } },
  { id: 3, event: "token", data: { text: "two lines" } },
  { id: 4, event: "done", data: {} },
];

async function read(...chunks) {
  const found = [];
  for await (const event of events(new Blob([]).stream().constructor.from(chunks)))
    found.push(event);
  return found;
}

test("a stream cut in two at every byte gives the same events", async () => {
  const bytes = new TextEncoder().encode(STREAM);
  for (let at = 0; at <= bytes.length; at++)
    assert.deepEqual(await read(bytes.slice(0, at), bytes.slice(at)), EXPECTED);
});

test("a stream of single bytes gives the same events", async () => {
  assert.deepEqual(
    await read(...[...new TextEncoder().encode(STREAM)].map((byte) => Uint8Array.of(byte))),
    EXPECTED,
  );
});

test("what is not JSON is left out", () => {
  assert.deepEqual(parser()('event: token\ndata: {"text"\n\nevent: done\ndata: {}\n\n'), [
    { id: 0, event: "done", data: {} },
  ]);
});
