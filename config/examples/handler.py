#!/usr/bin/env python3
"""A handler for laterd. Usage: handler.py /run/payments/laterd.sock"""
import json, os, socketserver, sys
from http.server import BaseHTTPRequestHandler


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # laterd keeps its connections

    def do_POST(self):
        value = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            # A record may come twice: do nothing the second time that this key is seen.
            print(self.headers["Idempotency-Key"], json.loads(value), flush=True)
            status, error = 200, b""
        except ValueError as problem:  # 4xx: a dead letter that says why; 503: again, after a while
            status, error = 422, str(problem).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(error)))
        self.end_headers()
        self.wfile.write(error)

    def log_message(self, *arguments):
        pass


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 128  # at least the route's concurrency


if os.path.exists(sys.argv[1]):
    os.unlink(sys.argv[1])  # left by the one before
Server(sys.argv[1], Handler).serve_forever()
