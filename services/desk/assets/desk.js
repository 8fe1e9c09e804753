// Keeps a case's page alive: by the one stream of this browser where it can be had, else by asking. Everything works
// without this file; it only saves a reload.
"use strict";

(() => {
  const board = document.getElementById("board");
  const form = document.querySelector("form[data-dirty]");
  let dirty = false;

  if (form) {
    form.addEventListener("input", () => { dirty = true; });
    form.addEventListener("submit", () => { dirty = false; });
    window.addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });
    const plan = document.getElementById("plan");
    const wrong = document.querySelector(".notice.bad, .wrong");
    (plan || wrong)?.scrollIntoView({ block: "start" });
  }

  // A second click sends nothing: the request has its own id anyway.
  document.addEventListener("submit", (event) => {
    if (event.target.dataset.sent) { event.preventDefault(); return; }
    event.target.dataset.sent = "yes";
    event.target.classList.add("sending");
  });
  window.addEventListener("pageshow", () => {
    for (const sent of document.querySelectorAll("form[data-sent]")) {
      delete sent.dataset.sent;
      sent.classList.remove("sending");
    }
  });

  if (!board) return;
  const id = board.dataset.case;
  const timeline = document.getElementById("timeline");
  const live = document.querySelector("[data-live]");
  let asking = 0;

  function typing() {
    const forms = document.querySelectorAll("main textarea, main input[type=file], main details[open] input");
    return Array.from(forms).some((field) => (field.type === "file" ? field.files.length : field.type !== "hidden" && field.type !== "checkbox" && field.value));
  }

  function show(update) {
    if (update.case !== id) return;
    if (update.state !== board.dataset.state && !typing()) { location.reload(); return; }
    if (board.innerHTML !== update.board) board.innerHTML = update.board;
    const open = timeline.querySelector("details")?.open;
    timeline.innerHTML = update.timeline;
    if (open && timeline.querySelector("details")) timeline.querySelector("details").open = true;
    board.dataset.version = update.version;
  }

  function streaming(yes) {
    live.hidden = !yes;
    if (yes && asking) { clearInterval(asking); asking = 0; }
    if (!yes && !asking) asking = setInterval(ask, 4000);
  }

  async function ask() {
    if (document.hidden) return;
    try {
      const answer = await fetch("/cases/" + id + "/board.json", { headers: { accept: "application/json" } });
      if (answer.status === 401) { location.reload(); return; }
      if (answer.ok) show(await answer.json());
    } catch (error) {
      // Away for the moment: asked again with the next tick.
    }
  }

  function told(message) {
    if (message.kind === "case") { streaming(true); show(message.update); }
    if (message.kind === "live") streaming(true);
    if (message.kind === "lost") streaming(false);
  }

  if (window.SharedWorker) {
    const worker = new SharedWorker(document.body.dataset.worker);
    worker.port.onmessage = (event) => told(event.data);
    worker.port.start();
    worker.port.postMessage({ watch: id });
    window.addEventListener("pagehide", () => worker.port.postMessage({ watch: null }));
    window.addEventListener("pageshow", (event) => { if (event.persisted) worker.port.postMessage({ watch: id }); });
    worker.onerror = () => streaming(false);
  } else if (window.EventSource) {
    const source = new EventSource("/cases/" + id + "/events");
    source.addEventListener("open", () => told({ kind: "live" }));
    source.addEventListener("case", (event) => told({ kind: "case", update: JSON.parse(event.data) }));
    source.addEventListener("end", (event) => { if (event.data === "replaced") { source.close(); told({ kind: "lost" }); } });
    source.addEventListener("error", () => told({ kind: "lost" }));
  } else {
    streaming(false);
  }
})();
