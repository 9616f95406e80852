"""A phone on PJSUA2 without sound: phone.py udp|tcp|tls REGISTRAR|- [CA-FILE]

It registers as dev1 (password secret1), answers calls and tells each thing on a line of its own.
It ends when its standard input does.
"""
import os
import sys
import threading

import pjsua2 as pj

KINDS = {
    "udp": pj.PJSIP_TRANSPORT_UDP,
    "tcp": pj.PJSIP_TRANSPORT_TCP,
    "tls": pj.PJSIP_TRANSPORT_TLS,
}


def tell(words):
    print(words, flush=True)


class Call(pj.Call):
    def onCallState(self, prm):
        tell(f"call {self.getInfo().stateText}")


class Account(pj.Account):
    def __init__(self):
        super().__init__()
        self.calls = []

    def onRegState(self, prm):
        tell(f"registration {prm.code}")

    def onIncomingCall(self, prm):
        call = Call(self, prm.callId)
        self.calls.append(call)
        answer = pj.CallOpParam()
        answer.statusCode = 200
        call.answer(answer)


transport, registrar = sys.argv[1], sys.argv[2]
endpoint = pj.Endpoint()
endpoint.libCreate()
config = pj.EpConfig()
config.uaConfig.threadCnt = 0
config.uaConfig.userAgent = "PJSUA2"
config.logConfig.level = 4
config.logConfig.consoleLevel = 4
endpoint.libInit(config)
settings = pj.TransportConfig()
settings.boundAddress = settings.publicAddress = "127.0.0.1"
if len(sys.argv) > 3:
    settings.tlsConfig.CaListFile = sys.argv[3]
    settings.tlsConfig.verifyServer = True
number = endpoint.transportCreate(KINDS[transport], settings)
endpoint.audDevManager().setNullDev()
endpoint.libStart()
account = Account()
identity = pj.AccountConfig()
identity.idUri = "sip:dev1@127.0.0.1"
if registrar != "-":
    identity.regConfig.registrarUri = registrar
    identity.regConfig.timeoutSec = 600
    identity.sipConfig.authCreds.append(pj.AuthCredInfo("digest", "*", "dev1", 0, "secret1"))
account.create(identity)
port = endpoint.transportGetInfo(number).localAddress.rsplit(":", 1)[1]
tell(f"listens at port {port}")
ended = threading.Event()


def wait():
    sys.stdin.read()
    ended.set()


threading.Thread(target=wait, daemon=True).start()
while not ended.is_set():
    endpoint.libHandleEvents(20)
# The process is the only owner of what would have to be taken apart here.
os._exit(0)
