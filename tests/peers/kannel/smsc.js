// An SMPP centre for tests, on the package `smpp`: takes any bind, writes each message as a line of
// JSON to standard output, sends a receipt when one is asked for.
//
// Lines of JSON on standard input:
//   {"from", "to", "text"[, "parts"[, "only"]]}
//                                      a message from a phone, in so many segments, of which only those are handed over
//   {"set": {...}}                     behaviour from now on:
//     throttle   so many submit_sm are answered with ESME_RTHROTTLED
//     refuse     so many submit_sm are answered with this status: {"status", "count"}
//     silent     so many submit_sm are kept and never answered
//     state      what receipts say, as in UNDELIV
//     ids        "hex": hexadecimal in answers, decimal and padded in receipts
//     early      receipts are sent before the answer
//     hold       receipts wait
//   {"release": true}                  receipts that waited are sent
//   {"cut": true}                      every connection is destroyed
// What it hands over (receipts, messages of phones) it hands over again until it is told that it was kept.
// With TLS_CERT and TLS_KEY set (files in PEM) it speaks TLS.
// With SMS_URL set, messages are handed on there as to Kannel's sendsms (?to&from&text&dlr-url), put
// together from their segments, and receipts are sent when the dlr-url is called. What phones say comes in at
// /mo?from&to&text of the "phones" port, which is told at the beginning, and goes on in parts of PART_SIZE characters.
// Then also:
//   {"count": n}                       how many submit_sm were taken, how many messages and receipts handed on, and in
//                                      how many milliseconds the first n submit_sm came
const smpp = require('smpp');
const http = require('http');
const fs = require('fs');

const say = (line) => process.stdout.write(JSON.stringify(line) + '\n');
const sessions = new Set();
const behaviour = { throttle: 0, refuse: null, silent: 0, state: 'DELIVRD', ids: 'text', early: false, hold: false };
const held = [];
const onward = process.env.SMS_URL;
const part_size = Number(process.env.PART_SIZE || 150);
let count = Number(process.env.FIRST_ID || 0);

const tls = process.env.TLS_CERT && {
  cert: fs.readFileSync(process.env.TLS_CERT),
  key: fs.readFileSync(process.env.TLS_KEY),
};
const server = smpp.createServer(tls || {}, (session) => {
  session.unanswered = new Set();
  sessions.add(session);
  const gone = () => {
    sessions.delete(session);
    const again = [...session.unanswered];
    session.unanswered.clear();
    again.forEach(hand_over);
  };
  session.on('close', gone);
  session.on('error', gone);
  for (const bind of ['bind_transceiver', 'bind_receiver', 'bind_transmitter']) {
    session.on(bind, (pdu) => {
      if (pdu.password === 'wrong') {
        session.send(pdu.response({ command_status: smpp.ESME_RINVPASWD }));
        return;
      }
      session.mode = bind;
      session.send(pdu.response({ system_id: 'TEST' }));
      say({ bind, version: pdu.interface_version });
    });
  }
  session.on('unbind', (pdu) => {
    session.send(pdu.response());
    session.close();
    say({ unbind: true });
  });
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('deliver_sm_resp', (pdu) => say({ kept: pdu.command_status }));
  session.on('submit_sm', (pdu) => submitted(session, pdu));
});

// The package makes a moment of a relative time.
function from_now(moment) {
  return moment ? Math.round((moment - Date.now()) / 1000) : null;
}

function submitted(session, pdu) {
  if (behaviour.throttle > 0) {
    behaviour.throttle--;
    say({ throttled: pdu.registered_delivery });
    session.send(pdu.response({ command_status: smpp.ESME_RTHROTTLED }));
    return;
  }
  if (behaviour.refuse && behaviour.refuse.count > 0) {
    behaviour.refuse.count--;
    session.send(pdu.response({ command_status: behaviour.refuse.status }));
    return;
  }
  const n = ++count;
  const id = behaviour.ids === 'hex' ? n.toString(16).toUpperCase() : 'm' + n;
  const content = pdu.short_message || {};
  const udh = (content.udh || []).map((element) => Buffer.from(element).toString('hex'));
  if (!onward) {
    say({
      id,
      from: pdu.source_addr,
      from_ton: pdu.source_addr_ton,
      to: pdu.destination_addr,
      ton: pdu.dest_addr_ton,
      esm: pdu.esm_class,
      coding: pdu.data_coding,
      priority: pdu.priority_flag,
      validity: from_now(pdu.validity_period),
      schedule: from_now(pdu.schedule_delivery_time),
      registered: pdu.registered_delivery,
      udh,
      text: Buffer.isBuffer(content.message) ? content.message.toString('hex') : String(content.message),
    });
  }
  const answer = () => session.send(pdu.response({ message_id: id }));
  const wanted = pdu.registered_delivery & 3;
  if (behaviour.silent > 0) {
    behaviour.silent--;
  } else if (behaviour.early && wanted) {
    receipt(pdu, n, id);
    setTimeout(answer, 50);
    return;
  } else {
    answer();
  }
  if (onward) {
    counts.submitted++;
    moments.push(performance.now());
    assemble(pdu, String(content.message), content.udh || [], wanted ? () => receipt(pdu, n, id) : null);
  } else if (wanted) {
    setTimeout(() => receipt(pdu, n, id), 100);
  }
}

function receiver() {
  for (const session of sessions) {
    if (session.mode && session.mode !== 'bind_transmitter') return session;
  }
  return null;
}

function receipt(pdu, n, id) {
  if (behaviour.hold) {
    held.push([pdu, n, id]);
    return;
  }
  const at = new Date().toISOString().replace(/[-:T]/g, '').slice(2, 12);
  const shown = behaviour.ids === 'hex' ? String(n).padStart(10, '0') : id;
  const states = { DELIVRD: 2, EXPIRED: 3, UNDELIV: 5, REJECTD: 8 };
  const delivered = behaviour.state === 'DELIVRD' ? '001' : '000';
  const fields = {
    source_addr: pdu.destination_addr,
    destination_addr: pdu.source_addr,
    esm_class: 4,
    short_message: `id:${shown} sub:001 dlvrd:${delivered} submit date:${at} done date:${at} stat:${behaviour.state} err:000 text:`,
  };
  if (behaviour.ids !== 'hex') {
    fields.receipted_message_id = id;
    fields.message_state = states[behaviour.state];
  }
  hand_over(fields);
}

// Until somebody has it.
function hand_over(fields) {
  const session = receiver();
  const later = () => setTimeout(() => hand_over(fields), 200);
  if (!session) {
    later();
    return;
  }
  session.unanswered.add(fields);
  const sent = session.deliver_sm({ ...fields }, (answer) => {
    if (session.unanswered.delete(fields) && answer.command_status !== 0) later();
  });
  if (!sent && session.unanswered.delete(fields)) later();
}

// ---- handing on to a carrier

const unfinished = new Map();
const promised = new Map();
let serial = 0;
const counts = { submitted: 0, handed_on: 0, receipts: 0 };
const moments = [];
const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });

function assemble(pdu, text, udh, told) {
  const part = udh.map((e) => Buffer.from(e)).find((e) => e[0] === 0 || e[0] === 8);
  if (!part) {
    hand_on(pdu, text, told ? [told] : []);
    return;
  }
  const [total, number] = part.slice(-2);
  const key = [pdu.source_addr, pdu.destination_addr, part.slice(0, -1).toString('hex')].join('|');
  const parts = unfinished.get(key) || [];
  parts[number - 1] = { text, told };
  unfinished.set(key, parts);
  if (parts.filter(Boolean).length === total) {
    unfinished.delete(key);
    hand_on(pdu, parts.map((p) => p.text).join(''), parts.map((p) => p.told).filter(Boolean));
  }
}

function hand_on(pdu, text, told) {
  const query = new URLSearchParams({ to: '+' + pdu.destination_addr, from: pdu.source_addr || 'callhome', text });
  if (told.length) {
    const key = String(++serial);
    promised.set(key, told);
    query.set('dlr-url', `http://127.0.0.1:${promises.address().port}/${key}?type=%d`);
  }
  const taken = (answer) => {
    counts.handed_on++;
    answer.resume();
  };
  http.get(`${onward}?${query}`, { agent }, taken)
    .on('error', () => setTimeout(() => hand_on(pdu, text, told), 100));
}

const promises = http.createServer((request, response) => {
  response.end();
  const url = new URL(request.url, 'http://127.0.0.1');
  const key = url.pathname.slice(1);
  if (key === 'mo') {
    const said = Object.fromEntries(url.searchParams);
    from_phone({ from: said.from.replace('+', ''), to: said.to, text: said.text, parts: Math.ceil(said.text.length / part_size) });
    return;
  }
  for (const told of promised.get(key) || []) {
    counts.receipts++;
    told();
  }
  promised.delete(key);
});

// ---- messages from phones, and orders

function from_phone(sms) {
  const parts = sms.parts || 1;
  const reference = sms.only ? 42 : ++serial % 256;
  const size = Math.ceil(sms.text.length / parts);
  for (let n = 1; n <= parts; n++) {
    if (sms.only && !sms.only.includes(n)) continue;
    const message = sms.text.slice((n - 1) * size, n * size);
    hand_over({
      source_addr: sms.from,
      source_addr_ton: 1,
      source_addr_npi: 1,
      destination_addr: sms.to,
      data_coding: 0,
      esm_class: parts === 1 ? 0 : 0x40,
      short_message: parts === 1 ? message : { udh: Buffer.from([5, 0, 3, reference, parts, n]), message },
    });
  }
}

const port = Number(process.env.PORT || 0);
const listen = () => server.listen(port, '127.0.0.1', () => {
  say({ listening: server.address().port, phones: onward ? promises.address().port : undefined });
});
if (onward) {
  promises.listen(0, '127.0.0.1', listen);
} else {
  listen();
}

require('readline')
  .createInterface({ input: process.stdin })
  .on('line', (line) => {
    const order = JSON.parse(line);
    if (order.set) {
      Object.assign(behaviour, order.set);
      say({ done: 'set' });
    } else if (order.release) {
      behaviour.hold = false;
      for (const one of held.splice(0)) receipt(...one);
      say({ done: 'release' });
    } else if (order.count) {
      const last = moments[Math.min(order.count, moments.length) - 1] || 0;
      say({ count: { ...counts, ms: Math.round(last - (moments[0] || 0)) } });
    } else if (order.cut) {
      for (const session of sessions) session.socket.destroy();
      say({ done: 'cut' });
    } else {
      from_phone(order);
    }
  })
  .on('close', () => process.exit(0));
