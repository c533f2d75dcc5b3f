"""The unmodified flexmeasures-client against Cariflex. usage: flexmeasures_client_story.py HOST:PORT EMAIL PASSWORD. Prints one JSON line a step."""
import asyncio
import json
import sys
import tempfile
from datetime import datetime, timedelta, timezone

from flexmeasures_client import FlexMeasuresClient

host, email, password = sys.argv[1:4]


def say(step, **facts):
    print(json.dumps({"step": step, **facts}), flush=True)


async def main():
    client = FlexMeasuresClient(email=email, password=password, host=host, job_polling_interval=0.05, request_retry_interval=0.2)
    try:
        await client.get_access_token()
        versions = await client.get_versions()
        say("signed in", server=versions["server_version"])
        types = {kind["id"]: kind["name"] for kind in await client.get_asset_types()}
        say("asset types", battery=types[5], first=types[1])
        user = await client.get_user()
        account = await client.get_account()
        say("who am I", email=user["email"], account=account["name"])
        asset = await client.add_asset(name="Interop battery", account_id=account["id"], latitude=14.6, longitude=-61.0, generic_asset_type_id=5, attributes={"made-by": "interop"})
        power = await client.add_sensor(name="power", event_resolution="PT15M", unit="kW", generic_asset_id=asset["id"], timezone="America/Martinique", attributes={"consumption_is_positive": True})
        price = await client.add_sensor(name="price", event_resolution="PT1H", unit="EUR/MWh", generic_asset_id=asset["id"], timezone="America/Martinique")
        say("created", asset=asset["id"], power=power["id"], price=price["id"])

        start = (datetime.now(timezone.utc) + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
        prices = [50.0] * 6 + [200.0] * 6
        await client.post_sensor_data(sensor_id=price["id"], start=start, duration=timedelta(hours=12), values=prices, unit="EUR/MWh")
        back = await client.get_sensor_data(sensor_id=price["id"], start=start, duration=timedelta(hours=12), unit="EUR/MWh", resolution=timedelta(hours=1))
        say("data", equal=back["values"] == prices, unit=back["unit"])

        schedule = await client.trigger_and_get_schedule(
            sensor_id=power["id"],
            start=start,
            duration=timedelta(hours=12),
            flex_model={"soc-unit": "kWh", "soc-at-start": 20, "soc-min": 0, "soc-max": 100, "power-capacity": "50 kW", "roundtrip-efficiency": 0.9},
            flex_context={"consumption-price": {"sensor": price["id"]}, "site-power-capacity": "500 kW"},
            unit="kW",
        )
        values = schedule["values"]
        say("schedule", n=len(values), unit=schedule["unit"], charged=round(sum(v for v in values if v > 0) / 4, 3), cheap_discharge=min(values[:24]), dear_charge=max(values[24:]), discharged=round(-sum(v for v in values if v < 0) / 4, 3))

        model = client.create_storage_flex_model(soc_unit="kWh", soc_at_start=20, soc_min=0, soc_max=100, roundtrip_efficiency=0.9)
        context = client.create_storage_flex_context(consumption_price_sensor=price["id"], production_price_sensor=price["id"])
        plan = {"start": start, "duration": timedelta(hours=6), "flex_model": {**model, "power-capacity": "50 kW"}, "flex_context": {**context, "site-power-capacity": "500 kW"}}
        job = await client.trigger_schedule(sensor_id=power["id"], prior=datetime.now(timezone.utc), scheduler="StorageScheduler", **plan)
        status = await client.wait_for_job(job)
        read = await client.get_schedule(sensor_id=power["id"], schedule_id=job, duration=timedelta(hours=6), unit="kW")
        custom = (await client.get_asset(asset["id"], parse_json_fields=True))["attributes"].get("custom-scheduler")
        say("schedule by hand", status=status["status"], n=len(read["values"]), custom=custom)

        client.access_token = "a token that ended"
        await client.update_sensor(power["id"], {"name": "power of the battery"})
        seen = await client.get_sensor(power["id"])
        say("signed in again", name=seen["name"], renewed=client.access_token != "a token that ended")

        meter = await client.add_sensor(name="meter", event_resolution="PT1H", unit="kW", generic_asset_id=asset["id"], timezone="UTC", attributes={"consumption_is_positive": True})
        begin = start - timedelta(days=10)
        await client.post_measurements(sensor_id=meter["id"], start=begin, duration=timedelta(days=9), values=[5.0 + h % 24 for h in range(9 * 24)], unit="kW")
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/last-day.csv"
            with open(path, "w") as file:
                file.write("event_start,event_value\n" + "".join(f"{(begin + timedelta(hours=h)).isoformat()},{5.0 + h % 24}\n" for h in range(9 * 24, 10 * 24 - 1)))
            await client.post_sensor_data(sensor_id=meter["id"], file_path=path, belief_time_measured_instantly=True)
        foretold = await client.trigger_and_get_forecast(sensor_id=meter["id"], start=start, duration=timedelta(hours=6), train_period=timedelta(days=8), max_forecast_horizon=timedelta(hours=6))
        kept = await client.get_sensor_data(sensor_id=meter["id"], start=begin, duration=timedelta(days=10), unit="kW", resolution=timedelta(hours=1))
        say("forecast", n=len(foretold["values"]), unit=foretold["unit"], kept=sum(value is not None for value in kept["values"]))
        await client.delete_sensor_data(meter["id"], confirm_first=False, until=begin + timedelta(days=1))
        rest = await client.get_sensor_data(sensor_id=meter["id"], start=begin, duration=timedelta(days=10), unit="kW", resolution=timedelta(hours=1))
        say("data deleted", kept=sum(value is not None for value in rest["values"]))

        await client.update_asset(asset_id=asset["id"], updates={"name": "Interop battery renamed"})
        renamed = await client.get_asset(asset["id"])
        say("updated", name=renamed["name"], attributes=renamed["attributes"])
        listed = await client.get_assets()
        sensors = await client.get_sensors(asset_id=asset["id"])
        say("listed", there=any(a["id"] == asset["id"] for a in listed), sensors=len(sensors))
        await client.delete_sensor(price["id"], confirm_first=False)
        await client.delete_asset(asset["id"], confirm_first=False)
        say("deleted", gone=not any(a["id"] == asset["id"] for a in await client.get_assets()))
    finally:
        await client.close()


asyncio.run(main())
