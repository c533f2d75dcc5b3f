"""A foreign central system of OCPP 1.6 or 2.0.1: the `ocpp` package (mobilityhouse), which checks every message against its schema both ways.
usage: foreign_csms.py '{"version": "1.6", "port": 0, "password": "...", "tokens": ["..."], "tls": {"certificate": FILE, "key": FILE}}'
Prints one JSON line an event; reads calls to its station, one JSON line each: {"call": "Reset", "with": {"type": "Soft"}}."""
import asyncio
import base64
import json
import logging
import ssl
import sys
from datetime import datetime, timezone
from http import HTTPStatus

import websockets
from ocpp.routing import on

given = json.loads(sys.argv[1])
old = given["version"] == "1.6"
if old:
    from ocpp.v16 import ChargePoint, call, call_result
else:
    from ocpp.v201 import ChargePoint, call, call_result
logging.getLogger("ocpp").setLevel(logging.CRITICAL)
tokens = set(given.get("tokens", []))
connected = {}


def say(event, **facts):
    print(json.dumps({"event": event, **facts}), flush=True)


def now():
    return datetime.now(timezone.utc).isoformat().replace("+00:00", "Z")


def status(token):
    return {"status": "Accepted" if token in tokens else "Invalid"}


class Witness(ChargePoint):
    """Says what arrives, as it arrives."""

    async def route_message(self, raw):
        kind, unique, *rest = json.loads(raw)
        if kind == 2:
            say("heard", action=rest[0], payload=rest[1], id=unique)
        await super().route_message(raw)

    async def _send(self, message):
        if json.loads(message)[0] == 4:
            say("refused", frame=json.loads(message))
        await super()._send(message)

    @on("BootNotification")
    async def boot(self, **_):
        return call_result.BootNotification(current_time=now(), interval=777, status="Accepted")

    @on("Heartbeat")
    async def heartbeat(self, **_):
        return call_result.Heartbeat(current_time=now())

    @on("StatusNotification")
    async def status_notification(self, **_):
        return call_result.StatusNotification()

    @on("MeterValues")
    async def meter_values(self, **_):
        return call_result.MeterValues()

    @on("SecurityEventNotification")
    async def security_event(self, **_):
        return call_result.SecurityEventNotification()

    @on("FirmwareStatusNotification")
    async def firmware_status(self, **_):
        return call_result.FirmwareStatusNotification()


class System16(Witness):
    transactions = 9000

    @on("Authorize")
    async def authorize(self, id_tag, **_):
        return call_result.Authorize(id_tag_info=status(id_tag))

    @on("StartTransaction")
    async def start_transaction(self, id_tag, **_):
        System16.transactions += 1
        return call_result.StartTransaction(transaction_id=System16.transactions, id_tag_info=status(id_tag))

    @on("StopTransaction")
    async def stop_transaction(self, **_):
        return call_result.StopTransaction()


class System201(Witness):
    @on("Authorize")
    async def authorize(self, id_token, **_):
        return call_result.Authorize(id_token_info=status(id_token["id_token"]))

    @on("TransactionEvent")
    async def transaction_event(self, id_token=None, **_):
        return call_result.TransactionEvent(id_token_info=None if id_token is None else status(id_token["id_token"]))

    @on("NotifyReport")
    async def notify_report(self, **_):
        return call_result.NotifyReport()

    @on("NotifyEvent")
    async def notify_event(self, **_):
        return call_result.NotifyEvent()

    @on("ReportChargingProfiles")
    async def report_charging_profiles(self, **_):
        return call_result.ReportChargingProfiles()


def check(connection, request):
    """Basic authentication, as OCPP has it: the user is the station."""
    identity = request.path.split("/")[-1]
    wanted = given.get("password")
    sent = request.headers.get("Authorization", "")
    say("knocked", identity=identity, path=request.path)
    if wanted is None or sent == "Basic " + base64.b64encode(f"{identity}:{wanted}".encode()).decode():
        return None
    say("turned away", identity=identity)
    return connection.respond(HTTPStatus.UNAUTHORIZED, "wrong password\n")


async def serve(socket):
    identity = socket.request.path.split("/")[-1]
    system = (System16 if old else System201)(identity, socket, response_timeout=20)
    connected[identity] = system
    say("connected", identity=identity, protocol=socket.subprotocol)
    try:
        await system.start()
    except websockets.ConnectionClosed:
        pass
    finally:
        if connected.get(identity) is system:
            del connected[identity]
        say("gone", identity=identity)


async def ask(line):
    system = next(iter(connected.values()))
    try:
        answer = await system.call(getattr(call, line["call"])(**line.get("with", {})), suppress=False)
        say("answer", call=line["call"], answer=answer.__dict__)
    except Exception as error:
        say("answer", call=line["call"], error=type(error).__name__, description=str(error))


async def main():
    tls = None
    if "tls" in given:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(given["tls"]["certificate"], given["tls"]["key"])
    protocol = "ocpp1.6" if old else "ocpp2.0.1"
    async with websockets.serve(serve, "127.0.0.1", given.get("port", 0), subprotocols=[protocol], process_request=check, ssl=tls) as server:
        say("listening", port=server.sockets[0].getsockname()[1])
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            asyncio.ensure_future(ask(json.loads(line)))


asyncio.run(main())
