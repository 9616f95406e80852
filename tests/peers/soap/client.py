"""Asks for callbacks with zeep: reads a list of calls (JSON) on standard input, prints what came of each."""

import json
import sys

from requests import Session
from zeep import Client
from zeep.exceptions import Fault, TransportError
from zeep.transports import Transport

url, authority, token = sys.argv[1:4]
session = Session()
session.verify = authority
session.trust_env = False
session.headers["Authorization"] = "Bearer " + open(token).read().strip()
client = Client(url + "/soap?wsdl", transport=Transport(session=session))

answers = []
for call in json.load(sys.stdin):
    service = client.bind("Callback", call["port"])
    parts = dict(call["parts"])
    if "part" in parts:
        parts["part"] = [{"_value_1": value, "name": name} for name, value in parts["part"]]
    try:
        answer = service[call["operation"]](**parts)
        answers.append({name: str(answer[name]) for name in ("callback", "requestId", "state", "server")})
    except Fault as fault:
        answers.append({"fault": str(fault.code), "message": fault.message})
    except TransportError as error:
        answers.append({"status": error.status_code})
json.dump(answers, sys.stdout)
