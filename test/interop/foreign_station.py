"""A foreign OCPP 2.0.1 or 2.1 station: the `ocpp` package (mobilityhouse). usage: foreign_station.py WS_URL IDENTITY PASSWORD TOKEN [2.1 [SECONDS]]
Boots, starts a transaction, obeys the charging profile it is given, answers GetCompositeSchedule. Prints one JSON line an event."""
import asyncio
import base64
import json
import sys
from datetime import datetime, timezone

import websockets
from ocpp.routing import after, on

url, identity, password, token = sys.argv[1:5]
version = sys.argv[5] if len(sys.argv) > 5 else "2.0.1"
if version == "2.1":
    from ocpp.v21 import ChargePoint, call, call_result
else:
    from ocpp.v201 import ChargePoint, call, call_result
seconds = float(sys.argv[6]) if len(sys.argv) > 6 else 45


def say(event, **facts):
    print(json.dumps({"event": event, **facts}), flush=True)


def now():
    return datetime.now(timezone.utc).isoformat().replace("+00:00", "Z")


class Station(ChargePoint):
    limit_w = 11000.0
    profiles = {}

    @on("GetBaseReport")
    async def base_report(self, request_id, report_base, **_):
        return call_result.GetBaseReport(status="Accepted")

    @after("GetBaseReport")
    async def send_report(self, request_id, report_base, **_):
        variables = [("SmartChargingCtrlr", "Enabled", "true"), ("SmartChargingCtrlr", "RateUnit", "A,W"), ("OCPPCommCtrlr", "HeartbeatInterval", "60")]
        report = [{"component": {"name": c}, "variable": {"name": v}, "variable_attribute": [{"type": "Actual", "value": value}]} for c, v, value in variables]
        await self.call(call.NotifyReport(request_id=request_id, generated_at=now(), seq_no=0, tbc=False, report_data=report))

    @on("SetVariables")
    async def set_variables(self, set_variable_data, **_):
        return call_result.SetVariables(set_variable_result=[{"attribute_status": "Accepted", "component": d["component"], "variable": d["variable"]} for d in set_variable_data])

    @on("GetVariables")
    async def get_variables(self, get_variable_data, **_):
        return call_result.GetVariables(get_variable_result=[{"attribute_status": "UnknownVariable", "component": d["component"], "variable": d["variable"]} for d in get_variable_data])

    @on("TriggerMessage")
    async def trigger(self, **_):
        return call_result.TriggerMessage(status="NotImplemented")

    @on("GetTransactionStatus")
    async def transaction_status(self, **_):
        return call_result.GetTransactionStatus(messages_in_queue=False, ongoing_indicator=True)

    @on("SetChargingProfile")
    async def set_profile(self, evse_id, charging_profile, **_):
        schedule = charging_profile["charging_schedule"][0]
        period = schedule["charging_schedule_period"][0]
        watts = period["limit"] if schedule["charging_rate_unit"] == "W" else period["limit"] * 230 * period.get("number_phases", 3)
        self.profiles[charging_profile["id"]] = (charging_profile, watts)
        if charging_profile["charging_profile_purpose"] == "TxProfile":
            self.limit_w = watts
        say("profile", purpose=charging_profile["charging_profile_purpose"], watts=watts)
        return call_result.SetChargingProfile(status="Accepted")

    @on("GetCompositeSchedule")
    async def composite(self, duration, evse_id, charging_rate_unit=None, **_):
        unit = charging_rate_unit or "W"
        limit = self.limit_w if unit == "W" else self.limit_w / 690
        return call_result.GetCompositeSchedule(status="Accepted", schedule={"evse_id": evse_id, "duration": duration, "schedule_start": now(), "charging_rate_unit": unit, "charging_schedule_period": [{"start_period": 0, "limit": round(limit, 1)}]})

    @on("ClearChargingProfile")
    async def clear(self, **_):
        return call_result.ClearChargingProfile(status="Accepted")


def sampled(power, energy, soc):
    return [{"timestamp": now(), "sampled_value": [
        {"value": power, "measurand": "Power.Active.Import", "unit_of_measure": {"unit": "W"}},
        {"value": energy, "measurand": "Energy.Active.Import.Register", "unit_of_measure": {"unit": "Wh"}},
        {"value": soc, "measurand": "SoC", "unit_of_measure": {"unit": "Percent"}},
    ]}]


async def session(station):
    boot = await station.call(call.BootNotification(charging_station={"model": "Foreign", "vendor_name": "mobilityhouse"}, reason="PowerUp"))
    tries = 0
    while boot.status != "Accepted" and tries < 20:
        await asyncio.sleep(max(1, min(boot.interval, 3)))
        boot = await station.call(call.BootNotification(charging_station={"model": "Foreign", "vendor_name": "mobilityhouse"}, reason="PowerUp"))
        tries += 1
    say("boot", status=boot.status)
    await station.call(call.StatusNotification(timestamp=now(), connector_status="Occupied", evse_id=1, connector_id=1))
    authorize = await station.call(call.Authorize(id_token={"id_token": token, "type": "ISO14443"}))
    say("authorize", status=authorize.id_token_info["status"])
    energy, soc, seq = 0.0, 40.0, 0
    info = {"transaction_id": "foreign-1", "charging_state": "Charging"}
    started = await station.call(call.TransactionEvent(event_type="Started", timestamp=now(), trigger_reason="Authorized", seq_no=seq, transaction_info=info, evse={"id": 1, "connector_id": 1}, id_token={"id_token": token, "type": "ISO14443"}, meter_value=sampled(0, 0, soc)))
    say("started", token=(started.id_token_info or {}).get("status"))
    end = asyncio.get_event_loop().time() + seconds
    while asyncio.get_event_loop().time() < end:
        await asyncio.sleep(1)
        seq += 1
        power = min(station.limit_w, 11000.0)
        energy += power / 3600
        await station.call(call.TransactionEvent(event_type="Updated", timestamp=now(), trigger_reason="MeterValuePeriodic", seq_no=seq, transaction_info=info, meter_value=sampled(power, energy, soc)))
        if seq % 5 == 0:
            say("drawing", watts=power)
    await station.call(call.TransactionEvent(event_type="Ended", timestamp=now(), trigger_reason="EVDeparted", seq_no=seq + 1, transaction_info={"transaction_id": "foreign-1", "stopped_reason": "EVDisconnected"}, meter_value=sampled(0, energy, soc)))
    say("ended", energy_wh=round(energy, 1))


async def main():
    credentials = base64.b64encode(f"{identity}:{password}".encode()).decode()
    async with websockets.connect(f"{url}/{identity}", subprotocols=[f"ocpp{version}"], additional_headers={"Authorization": f"Basic {credentials}"}) as socket:
        station = Station(identity, socket)
        listening = asyncio.ensure_future(station.start())
        await session(station)
        listening.cancel()


asyncio.run(main())
