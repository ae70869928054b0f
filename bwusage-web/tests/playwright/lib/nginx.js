// The real nginx in front of the server: it has the certificate, and the dashboard is one of several things below its name.

import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { installed, output } from "./programs.js";

/** The name that its certificate is for. */
export const NAME = "dashboard.test";
/** Where the dashboard is below that name. */
export const BASE = "/bw";

/** Where it listens, at an address of its own. */
const PORT = 8443;

let number = 0;

/** A running nginx. Who takes its certificate and finds `NAME` at its address reaches the dashboard at `url`. */
export class Nginx {
  /** Scheme, name and port. */
  origin;
  /** Where it listens: of the loopback interface. */
  address;
  /** The port there. */
  port = PORT;

  /** Starts one in front of the server at `upstream`, and resolves when it listens. */
  static async start(stage, upstream) {
    const nginx = new Nginx();
    const folder = stage.folder("nginx");
    nginx.address = ownAddress();
    const certificate = selfSigned(folder);
    const file = join(folder, "nginx.conf");
    writeFileSync(file, configuration({ folder, address: nginx.address, upstream, ...certificate }));
    nginx.origin = `https://${NAME}:${PORT}`;
    const running = stage.run(installed("nginx"), ["-p", folder, "-c", file, "-e", "stderr"]);
    // It listens before it says how it will wait.
    await running.line(/event method/);
    return nginx;
  }

  /** Where the dashboard is, without the slash at the end. */
  get url() {
    return `${this.origin}${BASE}`;
  }
}

/** What an administrator would write: nothing in it is about buffering. */
function configuration({ folder, address, upstream, certificate, key }) {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${folder}/${kind};`);
  return `
# One process, which ends with the test.
daemon off;
master_process off;
pid ${folder}/pid;
error_log stderr notice;
events { worker_connections 128; }
http {
  access_log off;
  ${temporary.join("\n  ")}
  server {
    listen ${address}:${PORT} ssl;
    server_name ${NAME};
    ssl_certificate ${certificate};
    ssl_certificate_key ${key};
    location / { return 200 "something else\\n"; }
    location ${BASE} {
      proxy_pass ${upstream};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
    }
  }
}
`;
}

function selfSigned(folder) {
  const [certificate, key] = ["certificate.pem", "key.pem"].map((name) => join(folder, name));
  output(installed("openssl"), [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"],
    ...["-subj", `/CN=${NAME}`, "-addext", `subjectAltName=DNS:${NAME}`, "-keyout", key, "-out", certificate],
  ]);
  return { certificate, key };
}

/** A loopback address that is nobody else's: nginx cannot be told to take a free port and say which. */
function ownAddress() {
  number += 1;
  return `127.${100 + number}.${(process.pid >> 8) % 256}.${process.pid % 256}`;
}
