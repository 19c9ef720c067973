// A handler for laterd. Usage: node handler.mjs /run/payments/laterd.sock
import { rmSync } from "node:fs";
import { createServer } from "node:http";

const [socket] = process.argv.slice(2);
const server = createServer({ maxHeaderSize: 65536 }, async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  try {
    const value = JSON.parse(Buffer.concat(chunks));
    // A record may come twice: do nothing the second time that this key is seen.
    console.log(request.headers["idempotency-key"], value);
    response.writeHead(200).end();
  } catch (problem) {
    // 4xx: a dead letter that says why; 503: again, after a while.
    response.writeHead(422).end(problem.message);
  }
});
rmSync(socket, { force: true }); // left by the one before
server.listen(socket);
