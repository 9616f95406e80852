// A push service that is strict: FCM HTTP v1 with Google's token endpoint, or APNs. Node's own HTTP/2, TLS and
// signatures, so that nothing of ours judges what we send. It knows the answers of the real services by the token that
// is pushed to: "unregistered…", "busy…", "revoked…", "broken…"; any other is taken.
//
//   node stand-in.js fcm|apns FOLDER
//
// FOLDER holds server.pem and server.key; the credentials are written there. "port N" and then one JSON line for each
// request go to standard output.
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const http2 = require('http2');
const path = require('path');

const [kind, folder] = process.argv.slice(2);
const read = (name) => fs.readFileSync(path.join(folder, name));
const write = (name, text) => fs.writeFileSync(path.join(folder, name), text, { mode: 0o600 });
const tell = (line) => process.stdout.write(JSON.stringify(line) + '\n');
const now = () => Math.floor(Date.now() / 1000);

class Fault extends Error {}
const need = (holds, words) => {
  if (!holds) throw new Fault(words);
};
const same = (found, wanted, what) =>
  need(found === wanted, `${what} is ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`);
const keys = (object, wanted, what) =>
  same(Object.keys(object).sort().join(), [...wanted].sort().join(), `the fields of ${what}`);

// Reads a token in compact form and checks its signature; gives the claims.
function token(text, header, verify) {
  const parts = text.split('.');
  same(parts.length, 3, 'the number of parts of the token');
  for (const part of parts) need(/^[A-Za-z0-9_-]+$/.test(part), 'the token is base64url without padding');
  const json = (part) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  const found = json(parts[0]);
  keys(found, Object.keys(header), 'the token\'s header');
  for (const [name, value] of Object.entries(header)) same(found[name], value, `header ${name}`);
  const signed = Buffer.from(`${parts[0]}.${parts[1]}`);
  need(verify(signed, Buffer.from(parts[2], 'base64url')), 'the signature is wrong');
  return json(parts[1]);
}

function server(handle) {
  const options = {
    cert: read('server.pem'),
    key: read('server.key'),
    // Google speaks HTTP/1.1 too; Apple does not.
    allowHTTP1: kind === 'fcm',
  };
  const listener = http2.createSecureServer(options, (request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      try {
        handle(request, body, (status, headers, content) => {
          response.writeHead(status, headers);
          response.end(content);
        });
      } catch (fault) {
        tell({ fault: fault.message });
        response.writeHead(400, {});
        response.end();
      }
    });
  });
  listener.listen(0, '127.0.0.1', () => begin(listener.address().port));
}

function fcm(port) {
  const pair = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
  const uri = `https://127.0.0.1:${port}/token`;
  const account = {
    type: 'service_account',
    project_id: 'callhome-test',
    private_key_id: '0123456789abcdef0123456789abcdef01234567',
    private_key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }),
    client_email: 'push@callhome-test.iam.gserviceaccount.com',
    client_id: '1',
    token_uri: uri,
  };
  write('service-account.json', JSON.stringify(account));
  const granted = new Set();
  const revoked = new Set();
  let grants = 0;
  const error = (code, status, message, errorCode) =>
    JSON.stringify({
      error: {
        code,
        message,
        status,
        details: errorCode
          ? [{ '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode }]
          : [],
      },
    });
  const json = { 'content-type': 'application/json; charset=UTF-8' };

  const grant = (request, body, answer) => {
    same(request.method, 'POST', 'the method');
    same(request.headers['content-type'], 'application/x-www-form-urlencoded', 'the content type');
    const form = new URLSearchParams(body);
    same([...form.keys()].sort().join(), 'assertion,grant_type', 'the form');
    same(form.get('grant_type'), 'urn:ietf:params:oauth:grant-type:jwt-bearer', 'grant_type');
    const header = { alg: 'RS256', typ: 'JWT', kid: account.private_key_id };
    const claims = token(form.get('assertion'), header, (signed, signature) =>
      crypto.verify('RSA-SHA256', signed, pair.publicKey, signature),
    );
    keys(claims, ['iss', 'scope', 'aud', 'iat', 'exp'], 'the claims');
    same(claims.iss, account.client_email, 'iss');
    same(claims.scope, 'https://www.googleapis.com/auth/firebase.messaging', 'scope');
    same(claims.aud, uri, 'aud');
    need(Math.abs(claims.iat - now()) <= 60, 'iat is now');
    need(claims.exp > claims.iat && claims.exp <= claims.iat + 3600, 'exp is within an hour');
    const access = `ya29.${crypto.randomBytes(24).toString('base64url')}`;
    granted.add(access);
    grants += 1;
    answer(200, json, JSON.stringify({ access_token: access, expires_in: 3599, token_type: 'Bearer' }));
  };

  const send = (request, body, answer) => {
    same(request.method, 'POST', 'the method');
    same(request.headers['content-type'], 'application/json', 'the content type');
    const access = (request.headers.authorization || '').replace(/^Bearer /, '');
    need(granted.has(access), 'the access token is one that was granted');
    const content = JSON.parse(body);
    keys(content, ['message'], 'the body');
    const message = content.message;
    keys(message, ['token', 'data', 'android'], 'the message');
    keys(message.data, ['callhome', 'request_id'], 'the data');
    for (const value of Object.values(message.data)) same(typeof value, 'string', 'the type of a data value');
    keys(message.android, ['priority', 'ttl', 'collapse_key'], 'android');
    same(message.android.priority, 'HIGH', 'priority');
    need(/^\d+(\.\d{1,9})?s$/.test(message.android.ttl), `ttl is a Duration, found ${message.android.ttl}`);
    tell({ token: message.token, request_id: message.data.request_id, ttl: message.android.ttl, grants });
    if (message.token.startsWith('unregistered')) {
      answer(404, json, error(404, 'NOT_FOUND', 'Requested entity was not found.', 'UNREGISTERED'));
    } else if (message.token.startsWith('busy')) {
      const text = error(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded.', 'QUOTA_EXCEEDED');
      answer(429, { ...json, 'retry-after': '30' }, text);
    } else if (message.token.startsWith('revoked') && !revoked.has(message.token)) {
      revoked.add(message.token);
      granted.delete(access);
      const text = error(401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials.');
      answer(401, { ...json, 'www-authenticate': 'Bearer realm="https://accounts.google.com/"' }, text);
    } else if (message.token.startsWith('broken')) {
      const text = error(400, 'INVALID_ARGUMENT', 'The registration token is not a valid FCM registration token', 'INVALID_ARGUMENT');
      answer(400, json, text);
    } else {
      const name = `projects/${account.project_id}/messages/0:${Date.now()}%31bd1c9631bd1c96`;
      answer(200, json, JSON.stringify({ name }));
    }
  };

  return (request, body, answer) => {
    if (request.url === '/token') grant(request, body, answer);
    else if (request.url === `/v1/projects/${account.project_id}/messages:send`) send(request, body, answer);
    else throw new Fault(`nothing is at ${request.url}`);
  };
}

function apns() {
  const pair = crypto.generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  write('AuthKey.p8', pair.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const providers = new Set();
  const revoked = new Set();
  const json = { 'content-type': 'application/json' };
  return (request, body, answer) => {
    same(request.httpVersion, '2.0', 'the version of HTTP');
    same(request.method, 'POST', 'the method');
    const [, device] = request.url.match(/^\/3\/device\/([0-9A-Za-z]+)$/) || [];
    need(device, `the path is /3/device/TOKEN, found ${request.url}`);
    const head = request.headers;
    const provider = (head.authorization || '').replace(/^bearer /, '');
    const claims = token(provider, { alg: 'ES256', kid: 'ABC123DEFG' }, (signed, signature) => {
      same(signature.length, 64, 'the length of the signature');
      return crypto.verify('SHA256', signed, { key: pair.publicKey, dsaEncoding: 'ieee-p1363' }, signature);
    });
    keys(claims, ['iss', 'iat'], 'the claims');
    same(claims.iss, 'DEF123GHIJ', 'iss');
    need(claims.iat <= now() + 60 && claims.iat > now() - 3600, 'iat is within an hour');
    providers.add(provider);
    same(head['apns-topic'], 'com.example.callhome', 'apns-topic');
    same(head['apns-push-type'], 'background', 'apns-push-type');
    same(head['apns-priority'], '5', 'apns-priority of a background message');
    need(/^\d+$/.test(head['apns-expiration'] || ''), 'apns-expiration is a time');
    need((head['apns-collapse-id'] || '').length <= 64, 'apns-collapse-id has at most 64 octets');
    need(Buffer.byteLength(body) <= 4096, 'the payload has at most 4096 octets');
    const content = JSON.parse(body);
    keys(content, ['aps', 'callhome', 'request_id'], 'the payload');
    keys(content.aps, ['content-available'], 'aps of a background message');
    same(content.aps['content-available'], 1, 'content-available');
    tell({
      token: device,
      request_id: content.request_id,
      expiration: Number(head['apns-expiration']),
      providers: providers.size,
      session: request.stream.session.socket.remotePort,
    });
    const id = crypto.randomUUID();
    const refuse = (status, reason, more, extra) =>
      answer(status, { ...json, 'apns-id': id, ...more }, JSON.stringify({ reason, ...extra }));
    if (device.startsWith('unregistered')) refuse(410, 'Unregistered', {}, { timestamp: Date.now() });
    else if (device.startsWith('busy')) refuse(429, 'TooManyRequests', { 'retry-after': '30' });
    else if (device.startsWith('revoked') && !revoked.has(device)) {
      revoked.add(device);
      refuse(403, 'ExpiredProviderToken');
    } else if (device.startsWith('broken')) refuse(400, 'BadDeviceToken');
    else answer(200, { 'apns-id': id }, '');
  };
}

let handle;
function begin(port) {
  handle = kind === 'fcm' ? fcm(port) : apns();
  process.stdout.write(`port ${port}\n`);
}
server((...all) => handle(...all));
// It ends with whoever started it.
process.stdin.on('end', () => process.exit(0));
process.stdin.resume();
