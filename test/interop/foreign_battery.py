"""A battery of another brand: pymodbus as Modbus TCP server. usage: foreign_battery.py PORT
Holding registers: 0 power order (int16, 0.1 kW, charging positive), 1 enable (1 = remote), 10 measured power (int16, 0.1 kW),
11 state of charge (uint16, 0.1 %), 12 capacity (uint16, 0.1 kWh), 13 brand mark 0x4246. Prints what it is told on standard output."""
import asyncio
import json
import sys
import time

from pymodbus.server import StartAsyncTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

state = {"soc": 50.0, "at": time.monotonic(), "told": None}


def signed(word):
    return word - 65536 if word > 32767 else word


async def registers(function_code, base, address, count, block, written):
    """Physics at each access: power follows the order while remote control is enabled, the state of charge follows the power."""
    words = list(block)
    for index, value in enumerate(written or []):
        words[address - base + index] = value
    power = signed(words[0 - base]) / 10 if words[1 - base] == 1 else 0.0
    now = time.monotonic()
    state["soc"] = min(100.0, max(0.0, state["soc"] + power * (now - state["at"]) / 3600))
    state["at"] = now
    if (power, words[1 - base]) != state["told"]:
        state["told"] = (power, words[1 - base])
        print(json.dumps({"told_kw": power, "enabled": words[1 - base]}), flush=True)
    block[10 - base] = int(power * 10) & 0xFFFF
    block[11 - base] = int(state["soc"] * 10)
    return None


device = SimDevice(id=1, simdata=[SimData(0, values=[0] * 11 + [500, 1000, 0x4246], datatype=DataType.REGISTERS)], action=registers)
print(json.dumps({"listening": int(sys.argv[1])}), flush=True)
asyncio.run(StartAsyncTcpServer(device, address=("127.0.0.1", int(sys.argv[1]))))
