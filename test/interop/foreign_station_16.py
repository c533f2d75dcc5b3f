"""A foreign OCPP 1.6 station: the `ocpp` package (mobilityhouse). usage: foreign_station_16.py WS_URL IDENTITY PASSWORD TOKEN [SECONDS]
Boots, starts a transaction, obeys the charging profile it is given, answers GetCompositeSchedule. Prints one JSON line an event."""
import asyncio
import base64
import json
import sys
from datetime import datetime, timezone

import websockets
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call, call_result

url, identity, password, token = sys.argv[1:5]
seconds = float(sys.argv[5]) if len(sys.argv) > 5 else 45
configuration = {
    "HeartbeatInterval": "300", "MeterValueSampleInterval": "60", "MeterValuesSampledData": "Energy.Active.Import.Register",
    "StopTxnSampledData": "", "ChargingScheduleAllowedChargingRateUnit": "Current,Power", "ChargeProfileMaxStackLevel": "8",
    "ChargingScheduleMaxPeriods": "24", "MaxChargingProfilesInstalled": "10", "NumberOfConnectors": "1",
}


def say(event, **facts):
    print(json.dumps({"event": event, **facts}), flush=True)


def now():
    return datetime.now(timezone.utc).isoformat().replace("+00:00", "Z")


class Station(ChargePoint):
    limit_w = 11000.0

    @on("GetConfiguration")
    async def get_configuration(self, key=None, **_):
        known = [{"key": k, "readonly": False, "value": v} for k, v in configuration.items() if not key or k in key]
        return call_result.GetConfiguration(configuration_key=known, unknown_key=[k for k in key or [] if k not in configuration])

    @on("ChangeConfiguration")
    async def change_configuration(self, key, value, **_):
        if key not in configuration:
            return call_result.ChangeConfiguration(status="NotSupported")
        configuration[key] = value
        say("configured", key=key, value=value)
        return call_result.ChangeConfiguration(status="Accepted")

    @on("TriggerMessage")
    async def trigger(self, **_):
        return call_result.TriggerMessage(status="NotImplemented")

    @on("SetChargingProfile")
    async def set_profile(self, connector_id, cs_charging_profiles, **_):
        schedule = cs_charging_profiles["charging_schedule"]
        period = schedule["charging_schedule_period"][0]
        watts = period["limit"] if schedule["charging_rate_unit"] == "W" else period["limit"] * 230 * period.get("number_phases", 3)
        if cs_charging_profiles["charging_profile_purpose"] == "TxProfile":
            self.limit_w = watts
        say("profile", purpose=cs_charging_profiles["charging_profile_purpose"], watts=watts, transaction=cs_charging_profiles.get("transaction_id"))
        return call_result.SetChargingProfile(status="Accepted")

    @on("GetCompositeSchedule")
    async def composite(self, connector_id, duration, charging_rate_unit="W", **_):
        limit = self.limit_w if charging_rate_unit == "W" else self.limit_w / 690
        schedule = {"duration": duration, "charging_rate_unit": charging_rate_unit, "charging_schedule_period": [{"start_period": 0, "limit": round(limit, 1)}]}
        return call_result.GetCompositeSchedule(status="Accepted", connector_id=connector_id, schedule_start=now(), charging_schedule=schedule)

    @on("ClearChargingProfile")
    async def clear(self, **_):
        return call_result.ClearChargingProfile(status="Accepted")


def sampled(power, energy):
    return [{"timestamp": now(), "sampledValue": [
        {"value": str(round(power)), "measurand": "Power.Active.Import", "unit": "W"},
        {"value": str(round(energy)), "measurand": "Energy.Active.Import.Register", "unit": "Wh"},
    ]}]


async def session(station):
    boot = await station.call(call.BootNotification(charge_point_model="Foreign16", charge_point_vendor="mobilityhouse"))
    say("boot", status=boot.status)
    await station.call(call.StatusNotification(connector_id=1, error_code="NoError", status="Preparing", timestamp=now()))
    authorize = await station.call(call.Authorize(id_tag=token))
    say("authorize", status=authorize.id_tag_info["status"])
    started = await station.call(call.StartTransaction(connector_id=1, id_tag=token, meter_start=5000, timestamp=now()))
    say("started", token=started.id_tag_info["status"], transaction=started.transaction_id)
    await station.call(call.StatusNotification(connector_id=1, error_code="NoError", status="Charging", timestamp=now()))
    energy = 5000.0
    end = asyncio.get_event_loop().time() + seconds
    ticks = 0
    while asyncio.get_event_loop().time() < end:
        await asyncio.sleep(1)
        ticks += 1
        power = min(station.limit_w, 11000.0)
        energy += power / 3600
        await station.call(call.MeterValues(connector_id=1, transaction_id=started.transaction_id, meter_value=sampled(power, energy)))
        if ticks % 5 == 0:
            say("drawing", watts=power)
    stopped = await station.call(call.StopTransaction(meter_stop=round(energy), timestamp=now(), transaction_id=started.transaction_id, reason="EVDisconnected", id_tag=token))
    say("ended", energy_wh=round(energy - 5000, 1), token=(stopped.id_tag_info or {}).get("status"))


async def main():
    credentials = base64.b64encode(f"{identity}:{password}".encode()).decode()
    async with websockets.connect(f"{url}/{identity}", subprotocols=["ocpp1.6"], additional_headers={"Authorization": f"Basic {credentials}"}) as socket:
        station = Station(identity, socket)
        listening = asyncio.ensure_future(station.start())
        await session(station)
        listening.cancel()


asyncio.run(main())
