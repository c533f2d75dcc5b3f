/** Ways of working that an assistant can be given (reference 4.8). */
export interface Prompt {
  name: string
  title: string
  description: string
  text: string
}

export const PROMPTS: readonly Prompt[] = [
  {
    name: 'build_site_and_run_schedule',
    title: 'Build a site and plan it',
    description: 'From nothing to a first plan of a battery.',
    text: [
      'Build a site with a battery and plan it, asking me for what you do not know.',
      '1. list_asset_types; create_asset for the site (type building) with latitude and longitude; create_asset for the battery below it.',
      '2. create_sensor for the power of the battery (kW, PT15M) and for its state of charge (kWh, PT0S); a sensor for prices (EUR/MWh, PT1H) unless there is one.',
      '3. post_sensor_data: prices that cover the plan. Without prices a plan fails.',
      '4. update_asset: flex_context of the site (consumption-price, site-power-capacity), flex_model of the battery (soc-min, soc-max, power-capacity, roundtrip-efficiency).',
      '5. trigger_schedule on the site with soc-at-start for the battery; get_schedule until it is there; explain the plan in a few sentences: when it charges, when it gives, what it saves, what it could not do.',
    ].join('\n'),
  },
  {
    name: 'add_measurements_and_forecast',
    title: 'Add measurements and forecast',
    description: 'Records what was measured and looks ahead.',
    text: [
      'Help me record measurements of a sensor and forecast it.',
      '1. list_sensors; ask me which one. get_sensor for its unit, resolution and time zone.',
      '2. post_sensor_data with the values I give (with offset in the times). Two weeks or more make a forecast worth its name.',
      '3. trigger_forecast for the next 48 hours; get_forecast until it is there (get_job_status tells how far it is).',
      '4. get_sensor_data over the last day and the forecast; tell me in a few sentences what is to be expected and how sure that is.',
    ].join('\n'),
  },
  {
    name: 'setup_report_automation',
    title: 'Report regularly',
    description: 'Sets up a report that runs by itself.',
    text: [
      'Help me set up a report that runs by itself.',
      '1. Ask what should be reported: a sum of sensors, or profit and loss of a power sensor under prices.',
      '2. list_sensors; make the sensor that takes the result with create_sensor when there is none.',
      '3. create_report_automation with the reporter, its config, input and output, a rolling window (start-offset, end-offset) and a cron string in the time zone of the site. Say in words when it will run, and check next-run in list_automations.',
    ].join('\n'),
  },
  {
    name: 'diagnose_failed_job',
    title: 'Why did a job fail?',
    description: 'Looks for the cause of a job that failed, and proposes what to do.',
    text: [
      'A job failed. Find out why and propose what to do; change nothing without my consent.',
      '1. list_asset_jobs for the asset (ask me which), get_job_status of the failed one: read its message.',
      '2. "Prices unknown": get_sensor_data of the price sensor over the window of the plan. Infeasible: read the constraints it names; get_asset for flex-model and flex-context. "Not enough data": get_sensor_data of the sensor over the training period.',
      '3. Say what is wrong, where you saw it, and the smallest change that mends it.',
    ].join('\n'),
  },
]
