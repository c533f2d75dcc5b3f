"""The HEMS example of flexmeasures-client as it is released, against Cariflex. usage: flexmeasures_hems.py FOLDER HOST:PORT EMAIL PASSWORD"""
import asyncio
import sys

folder, host, email, password = sys.argv[1:5]
sys.path.insert(0, folder)

# What its readers are told to set in const.py; everything else stays.
import const  # noqa: E402

const.host, const.usr, const.pwd = host, email, password
const.SCHEDULING_END = "2030-01-16T00:00:00+01:00"  # one day of planning instead of two

import HEMS_setup  # noqa: E402

from flexmeasures_client import FlexMeasuresClient  # noqa: E402

# Jobs are asked for after a moment, not after ten seconds.
HEMS_setup.FlexMeasuresClient = lambda **options: FlexMeasuresClient(**options, job_polling_interval=0.1, request_retry_interval=0.2)

asyncio.run(HEMS_setup.main(const.COMMUNITY_NAME, const.SITE_NAMES))
