// An SMPP centre for tests, on the package `smpp`: takes any bind, writes each message as a line of
// JSON to standard output, sends a receipt when one is asked for. A line of JSON on standard input
// ({"from", "to", "text"}) is a message from a phone.
const smpp = require('smpp');

const say = (line) => process.stdout.write(JSON.stringify(line) + '\n');
const sessions = new Set();
let count = 0;

const server = smpp.createServer((session) => {
  sessions.add(session);
  session.on('close', () => sessions.delete(session));
  session.on('error', () => sessions.delete(session));
  for (const bind of ['bind_transceiver', 'bind_receiver', 'bind_transmitter']) {
    session.on(bind, (pdu) => {
      session.mode = bind;
      session.send(pdu.response({ system_id: 'TEST' }));
      say({ bind });
    });
  }
  session.on('unbind', (pdu) => {
    session.send(pdu.response());
    session.close();
  });
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('submit_sm', (pdu) => {
    const id = 'm' + ++count;
    const content = pdu.short_message || {};
    const udh = (content.udh || []).map((element) => Buffer.from(element).toString('hex'));
    say({
      id,
      from: pdu.source_addr,
      to: pdu.destination_addr,
      ton: pdu.dest_addr_ton,
      esm: pdu.esm_class,
      coding: pdu.data_coding,
      udh,
      text: String(content.message),
    });
    session.send(pdu.response({ message_id: id }));
    if (pdu.registered_delivery & 3) {
      setTimeout(() => receipt(session, pdu, id), 100);
    }
  });
});

function receipt(session, pdu, id) {
  const at = new Date().toISOString().replace(/[-:T]/g, '').slice(2, 12);
  session.deliver_sm({
    source_addr: pdu.destination_addr,
    destination_addr: pdu.source_addr,
    esm_class: 4,
    receipted_message_id: id,
    message_state: 2,
    short_message: `id:${id} sub:001 dlvrd:001 submit date:${at} done date:${at} stat:DELIVRD err:000 text:`,
  });
}

server.listen(0, '127.0.0.1', () => say({ listening: server.address().port }));

require('readline')
  .createInterface({ input: process.stdin })
  .on('line', (line) => {
    const sms = JSON.parse(line);
    for (const session of sessions) {
      if (session.mode !== 'bind_transmitter') {
        session.deliver_sm({
          source_addr: sms.from,
          source_addr_ton: 1,
          source_addr_npi: 1,
          destination_addr: sms.to,
          short_message: sms.text,
        });
        return;
      }
    }
  })
  .on('close', () => process.exit(0));
