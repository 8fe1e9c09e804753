// One stream for all tabs of this browser. Each tab says which case it shows; the stream is opened anew when the set of
// cases changes, and its events are handed to every tab.
"use strict";

const tabs = new Map();
let source = null;
let open = "";
let stopped = false;

function wanted() {
  return Array.from(new Set(tabs.values())).sort().slice(0, 20).join(",");
}

function tell(message) {
  for (const port of tabs.keys()) port.postMessage(message);
}

function connect() {
  const cases = wanted();
  if (cases === open && source && source.readyState !== EventSource.CLOSED) return;
  if (source) source.close();
  source = null;
  open = cases;
  if (!cases || stopped) return;
  source = new EventSource("/stream?cases=" + cases);
  source.addEventListener("open", () => tell({ kind: "live" }));
  source.addEventListener("case", (event) => tell({ kind: "case", update: JSON.parse(event.data) }));
  source.addEventListener("end", (event) => {
    if (event.data !== "replaced") return;
    stopped = true;
    source.close();
    tell({ kind: "lost" });
  });
  source.addEventListener("error", () => {
    // CLOSED: the server said no, for example because the session has ended. Otherwise the browser comes again itself.
    tell({ kind: "lost" });
    if (source && source.readyState === EventSource.CLOSED) open = "";
  });
}

self.addEventListener("connect", (event) => {
  const port = event.ports[0];
  port.onmessage = (message) => {
    if (message.data.watch) {
      tabs.set(port, message.data.watch);
      stopped = false;
    } else {
      tabs.delete(port);
    }
    connect();
  };
  port.start();
});
