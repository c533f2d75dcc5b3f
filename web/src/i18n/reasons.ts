/**
 * French twins of what the platform says in English (`saying.ts` in each room of `src`): the English template, slots and all, is the key.
 * `test/sayings.test.ts` fails when a template has no twin, a twin no template, or their slots differ.
 */
export const TWINS: Readonly<Record<string, string>> = {
  // Reasons of a plan.
  'Not connected.': 'Non branché.',
  'Fills up to its floor.': "Se recharge jusqu'à son minimum.",
  'Charges for {time}.': 'Se charge pour être prêt à {time}.',
  'Stores local surplus.': 'Stocke le surplus local.',
  'Charges while energy is cheap ({price}).': "Se charge pendant que l'énergie est bon marché ({price}).",
  'Covers the need of the site ({price} saved).': 'Couvre les besoins du site ({price} économisés).',
  'Delivers while energy is dear ({price}).': "Fournit de l'énergie pendant qu'elle est chère ({price}).",
  'Delivers to keep the import limit of the site.': "Fournit de l'énergie pour tenir la limite de soutirage du site.",
  'Full.': 'Charge complète.',
  'At its floor.': 'Au minimum de sa charge.',
  'Waits for {time}, when energy is cheaper.': "Attend {time} : l'énergie sera moins chère.",
  'Waits for its turn at {time}.': 'Attend son tour à {time}.',
  'Keeps its energy for {time}.': 'Garde son énergie pour {time}.',
  'Nothing to gain.': 'Rien à gagner.',
  'Curtailed: the site is at its export limit.': "Écrêté : le site est à sa limite d'injection.",
  'Curtailed: producing would cost money.': "Écrêté : produire coûterait de l'argent.",
  'Produces all it can.': "Produit tout ce qu'il peut.",
  'Held by load control.': 'Retenu par le pilotage du réseau.',
  'Held by the import limit of the site.': 'Retenu par la limite de soutirage du site.',
  'Held by the export limit of the site.': "Retenu par la limite d'injection du site.",
  'As planned.': 'Comme prévu au plan.',

  // Declarations of a community.
  'It cannot be done by {moment}; the earliest end is {earliest}.':
    "Impossible d'avoir fini à {moment} ; la fin la plus proche est {earliest}.",
  'It can be done by {moment}; it starts between {earliest} and {latest}.':
    'Ce sera fini à {moment} ; démarrage entre {earliest} et {latest}.',
  'It is not to start before {moment}; a later plan takes it up.': "Pas de démarrage avant {moment} ; un plan suivant s'en chargera.",
  'Its deadline has passed; it starts as soon as it can and is done at {moment}.':
    'Son échéance est passée ; il démarre dès que possible et aura fini à {moment}.',
  'Its window was too short; it is done at {moment} instead of {wished}.':
    'Sa plage était trop courte ; il aura fini à {moment} au lieu de {wished}.',
  'It needs {need}; its off-peak hours leave {room}, which it takes.':
    'Il lui faut {need} ; ses heures creuses lui laissent {room}, il les prend.',
  'None of its off-peak hours lies in the next 24 hours.': 'Aucune de ses heures creuses ne tombe dans les 24 heures à venir.',
  'It was heated less than 12 hours ago.': 'Il a chauffé il y a moins de 12 heures.',
  'The battery already holds what is wished.': 'La batterie contient déjà ce qui est souhaité.',
  'None of its comfort hours lies in the next 24 hours.': 'Aucune de ses heures de confort ne tombe dans les 24 heures à venir.',
  'It heats in its comfort hours, save for the share of them that may be eco.':
    'Il chauffe pendant ses heures de confort, sauf la part qui peut passer en éco.',
  'It heats when its room needs it.': 'Il chauffe quand sa pièce en a besoin.',
  'No declaration that counts has this id.': "Aucune déclaration en cours n'a ce numéro.",
  'List the declarations: it may have been cancelled, started or replaced.':
    'Affichez les déclarations : elle a pu être annulée, démarrée ou remplacée.',
  'There is no appliance {appliance} in the registry.': "L'appareil {appliance} n'est pas au registre.",
  'Register it first, with the inventory of its devices.': "Enregistrez-le d'abord, avec l'inventaire de ses équipements.",
  'No plan of the community was made yet.': 'Aucun plan de la communauté pour le moment.',
  'One is made every quarter of an hour once the rounds of the community run.':
    "Il s'en fait un tous les quarts d'heure dès que les tours de la communauté sont lancés.",

  // Automations.
  'Its maker is no active user any more.': "Qui l'a créée n'est plus un utilisateur actif.",
  'Make it anew, as somebody who may.': "Refaites-la, au nom de quelqu'un qui en a le droit.",
  'It would write sensor {sensor}, which was not checked when it was made.':
    "Elle écrirait le capteur {sensor}, qui n'a pas été vérifié à sa création.",
  'Make it anew: its outputs are checked then.': 'Refaites-la : ses sorties seront vérifiées.',

  // Reports.
  '{count} flows were counted; slots of 15 minutes in which one of them was not measured are left out.':
    "{count} flux comptés ; les quarts d'heure où l'un d'eux n'a pas été mesuré sont laissés de côté.",
  'Baseline: batteries idle, each car charged from its arrival on at the full power of the charger with the energy it really got.':
    "Référence : batteries au repos, chaque voiture chargée dès son arrivée à la pleine puissance de la borne, avec l'énergie qu'elle a vraiment reçue.",
  'No sessions are known at {names}: what was measured there stands in the baseline too.':
    "Aucune session n'est connue à {names} : ce qui y a été mesuré compte aussi dans la référence.",
  'What is fed in is not credited.': "Ce qui est injecté n'est pas déduit.",
  'Self-consumed is what was produced less what the site fed in at that time.':
    'Autoconsommé : ce qui a été produit, moins ce que le site injectait au même moment.',
  'Consumed is the net of the site and what it produced: what storages lose counts.':
    "Consommé : le solde du site et ce qu'il a produit ; les pertes des stockages comptent.",
  'What is fed in earns the production price.': 'Ce qui est injecté est payé au prix de production.',
  'What is fed in earns the consumption price: there is no other.':
    "Ce qui est injecté est payé au prix de consommation : il n'y en a pas d'autre.",
  'What is fed in earns {share} of the consumption price.': 'Ce qui est injecté est payé {share} du prix de consommation.',
  'Orders of the plan are measured against the baseline; orders above it against what the plan in force wanted without limits of the grid.':
    'Les ordres du plan sont comparés à la référence ; ceux qui le dépassent, à ce que le plan en vigueur voulait sans les limites du réseau.',
  'What a plant could have given is what the plan in force foresaw.':
    "Ce qu'une centrale aurait pu produire est ce que le plan en vigueur prévoyait.",

  // Explanations of plans.
  'It can neither take nor give power.': 'Ne peut ni prendre ni fournir de puissance.',
  'It runs at its full power.': 'Fonctionne à pleine puissance.',
  'It runs at the edge of an operation mode.': "Fonctionne au bord d'un mode de marche.",
  'Its storage is full.': 'Son stockage est plein.',
  'Its storage is at its floor.': 'Son stockage est à son minimum.',
  'Nothing holds it: more would cost more than it brings.': 'Rien ne le retient : davantage coûterait plus que cela ne rapporte.',
  'The limit of {name} holds it.': 'La limite de {name} le retient.',
  'What counts here is: {name}.': 'Ce qui compte ici : {name}.',
  'A wish about its storage counts here.': 'Un souhait sur son stockage compte ici.',
  'The highest power of the site costs: it is kept down.': 'La puissance maximale du site se paie : elle est contenue.',
  'A capacity holds it.': 'Une capacité le retient.',
  'Wear makes more not worth while.': "L'usure fait que davantage ne vaut pas la peine.",
  'The site neither buys nor sells: both would be dearer.': "Le site n'achète ni ne vend : l'un et l'autre coûteraient plus.",
  'One kWh more of storage would bring {price} over this plan.': 'Un kWh de stockage en plus rapporterait {price} sur ce plan.',
  'One kW more of power would bring {price} over this plan.': 'Un kW de puissance en plus rapporterait {price} sur ce plan.',
  'One kW more of connection would bring {price} over this plan.': 'Un kW de raccordement en plus rapporterait {price} sur ce plan.',
  'No plan covers this moment.': 'Aucun plan ne couvre ce moment.',
  'Waits: too little to start the charger for.': 'Attend : trop peu pour démarrer la borne.',
  'On average {power}: the charger holds {step} or nothing.': 'En moyenne {power} : la borne tient {step} ou rien.',

  // Wishes that a plan cannot meet.
  '{device}: {energy} will be missing at {time}: {cause}.': '{device} : il manquera {energy} à {time}, car {cause}.',
  '{device}: {energy} too much at {time}: {cause}.': '{device} : {energy} de trop à {time}, car {cause}.',
  'the charger gives {power}': 'la borne donne {power}',
  'the inverter gives {power}': "l'onduleur donne {power}",
  'it is not connected before then': "rien n'est branché d'ici là",
  'load control caps flexible consumption': 'le réseau plafonne la consommation flexible',
  'the site is at its import limit': 'le site est à sa limite de soutirage',
  'the wish is larger than the storage': 'le souhait dépasse ce qui peut être stocké',
  'other wishes weigh more': "d'autres souhaits pèsent plus",

  'No sensor tells how much CO₂ the power of the grid causes.': 'Aucun capteur ne dit combien de CO₂ cause la puissance du réseau.',
  "Add a sensor with a unit such as 'g/kWh' or 'kg/MWh' to the site, or a public one.":
    "Ajoutez au site un capteur d'une unité comme « g/kWh » ou « kg/MWh », ou un capteur public.",
  'Asset {number} has no price.': "L'équipement {number} n'a pas de prix.",
  "Set 'consumption-price' in its flex-context: a sensor such as {sensor}, or '0.21 EUR/kWh'.":
    'Donnez « consumption-price » dans son flex-context : un capteur comme {sensor}, ou « 0.21 EUR/kWh ».',
  'Nothing below asset {number} measures power.': "Rien au-dessous de l'équipement {number} ne mesure de puissance.",
  'Add sensors of power to its assets, or ask for the report of the site.':
    'Ajoutez des capteurs de puissance à ses équipements, ou demandez le rapport du site.',

  // Wishes that a schedule somebody asked for cannot keep.
  '{asset}: {energy} will be missing on {moment} for {what}.': '{asset} : le {moment}, il manquera {energy} pour {what}.',
  '{asset}: {energy} too much on {moment} for {what}.': '{asset} : le {moment}, il y aura {energy} de trop pour {what}.',
  '{asset}: the schedule draws more than its capacity for consumption.':
    '{asset} : le planning soutire plus que sa capacité de consommation.',
  '{asset}: the schedule feeds in more than its capacity for production.':
    '{asset} : le planning injecte plus que sa capacité de production.',
  'the state of charge that was asked for': "l'état de charge demandé",
  'the lowest state of charge that was asked for': "l'état de charge minimal demandé",
  'the highest state of charge that was asked for': "l'état de charge maximal demandé",

  // What is refused of jobs, sign-ins, tokens, files and mails, and what to do.
  "No job '{name}' is known.": "Aucune tâche « {name} » n'est connue.",
  'Ended jobs are forgotten after two weeks.': 'Les tâches terminées sont oubliées après deux semaines.',
  "Job '{name}' did not fail, is not known, or a newer one takes its place.":
    "La tâche « {name} » n'a pas échoué, n'est pas connue, ou une plus récente l'a remplacée.",
  'Only jobs that failed, were stopped or canceled are tried again.': 'Seules les tâches échouées, arrêtées ou annulées sont retentées.',
  "No unfinished job '{name}' is known.": "Aucune tâche en cours « {name} » n'est connue.",
  'It may have ended already.': 'Elle est peut-être déjà terminée.',
  'The code is wrong or too old.': 'Le code est faux ou trop ancien.',
  'Type the code of the newest mail, or sign in again.': 'Saisissez le code du dernier message reçu, ou connectez-vous à nouveau.',
  'Only administrators see the mails of the platform.': 'Seuls les administrateurs voient les messages de la plateforme.',
  'Ask an administrator.': 'Demandez à un administrateur.',
  'You have {count} tokens of programs already.': 'Vous avez déjà {count} jetons de programmes.',
  'End those that nothing uses any more.': 'Supprimez ceux qui ne servent plus.',
  'You have no such token.': "Vous n'avez pas ce jeton.",
  'Look at the list of your tokens.': 'Regardez la liste de vos jetons.',
  'The report is no longer being made.': "Ce rapport n'est plus en cours.",
  'Read it, or ask for another.': 'Lisez-le, ou demandez-en un autre.',
  'infeasible.': 'Tous les souhaits et limites fermes ne peuvent pas être tenus ensemble.',
  'Relax a hard wish or limit, or let relax-constraints do so.':
    'Assouplissez un souhait ou une limite ferme, ou laissez relax-constraints le faire.',
  'Prices unknown for planning window.': 'Les prix de la période planifiée ne sont pas connus.',
  '(sensor {sensor}).': '(capteur {sensor}).',
  'Post prices that cover the window, or give them in the request.': 'Envoyez les prix de toute la période, ou donnez-les dans la demande.',
  "Missing consumption price for commodity 'electricity'.": "Il manque le prix d'achat de l'électricité.",
  'Give consumption-price in the flex-context, or store it on the site.':
    'Donnez consumption-price dans le contexte de flexibilité, ou enregistrez-le sur le site.',
  'The solver found no plan in time.': "Aucun plan n'a été trouvé à temps.",
  'Give more time, or plan a shorter window.': 'Laissez plus de temps, ou planifiez une période plus courte.',
  'Sensor {name} has {count} values in the training window of {days} days; at least {least} are needed.':
    "Le capteur {name} a {count} valeurs sur les {days} jours d'apprentissage ; il en faut au moins {least}.",
  'Record more data before the start, choose a later start or a longer train-period.':
    "Enregistrez plus de données avant le début, choisissez un début plus tardif ou une période d'apprentissage plus longue.",
  'Sensor {name} has {missing} missing values which exceeds the allowed threshold of {threshold}':
    'Il manque {missing} des valeurs du capteur {name}, plus que le seuil permis de {threshold}',
  'A ready report looks at a year at most.': 'Un rapport prêt porte sur un an au plus.',
  'Take a shorter period.': 'Prenez une période plus courte.',
  'The price of the flex-context is neither a sensor nor a quantity.':
    "Le prix du contexte de flexibilité n'est ni un capteur ni une quantité.",
  'Write {sensor} or {quantity}.': 'Écrivez {sensor} ou {quantity}.',
  'The prices are in {one} and {other}: currencies are never exchanged.':
    'Les prix sont en {one} et en {other} : les devises ne sont jamais converties.',
  'Values in {unit} do not fit sensor {number}, which is in {sensorUnit}.':
    'Des valeurs en {unit} ne conviennent pas au capteur {number}, qui est en {sensorUnit}.',
  'There is no such automation that you may run.': "Il n'y a pas d'automatisation de ce numéro que vous puissiez lancer.",
  'Look at the list of automations.': 'Regardez la liste des automatisations.',
  'Sign in, or send a token in the Authorization header.': "Connectez-vous, ou envoyez un jeton dans l'en-tête Authorization.",
  'The email or the password is wrong, or the user is deactivated.':
    "L'adresse ou le mot de passe est faux, ou l'utilisateur est désactivé.",
  'Check the email and the password, or ask the administrator of your account.':
    "Vérifiez l'adresse et le mot de passe, ou demandez à l'administrateur de votre compte.",
  'A page of another site sent this write.': "Une page d'un autre site a envoyé cette écriture.",
  'Use the page of this server, or a token.': 'Utilisez la page de ce serveur, ou un jeton.',
  'Too many sign-ins failed.': 'Trop de connexions ont échoué.',
  'Wait {count} seconds, then try again.': 'Attendez {count} secondes, puis réessayez.',
  'No file was sent.': "Aucun fichier n'a été envoyé.",
  'Send multipart/form-data with one or more files as uploaded-files.':
    'Envoyez un ou plusieurs fichiers dans le champ uploaded-files (multipart/form-data).',
  'Send CSV, XLSX, XLS or XLSM.': 'Envoyez un fichier CSV, XLSX, XLS ou XLSM.',
  'Filename is missing.': 'Le nom du fichier manque.',
  'Invalid filename: {name}.': 'Nom de fichier non valide : {name}.',
  'Only CSV or Excel files are accepted.': 'Seuls les fichiers CSV ou Excel sont acceptés.',
  "Field {name}: '{text}' is neither true nor false.": 'Champ {name} : « {text} » ne veut dire ni oui ni non.',
  'Send on or off.': 'Envoyez on ou off.',
  'The body is too large.': "L'envoi est trop grand.",
  'Send at most {count} bytes at once.': 'Envoyez au plus {count} octets à la fois.',
  'The form cannot be read: {why}': 'Le formulaire ne peut pas être lu : {why}',
  'Send multipart/form-data with the files as uploaded-files.': 'Envoyez les fichiers dans le champ uploaded-files (multipart/form-data).',
  'This link is used up or too old.': 'Ce lien a déjà servi ou est trop ancien.',
  'Ask for a new one: each works once, within an hour.': "Demandez-en un nouveau : chacun sert une fois, dans l'heure.",
  'Correct the file and send it again.': 'Corrigez le fichier et renvoyez-le.',
  'Save it without a password.': 'Enregistrez-le sans mot de passe.',
  'Send it in parts.': 'Envoyez-le en plusieurs parties.',
  'Keep one of them.': 'Gardez-en une seule.',
  'Save the file with computed values.': 'Enregistrez le fichier avec les valeurs calculées.',
  'Write it like 2026-11-24T10:00:00-04:00.': 'Écrivez-le comme 2026-11-24T10:00:00-04:00.',
  'Write moments with their UTC offset, like 2026-03-29T02:30:00+01:00.':
    'Écrivez les moments avec leur décalage UTC, comme 2026-03-29T02:30:00+01:00.',
  "Write it like '0 days 01:18:25' or PT1H18M25S.": 'Écrivez-la comme « 0 days 01:18:25 » ou PT1H18M25S.',
  'Leave the cell empty where there is no value.': "Laissez la cellule vide là où il n'y a pas de valeur.",
  "Write dates as 2025-06-05, or send the field 'dayfirst' with true or false.":
    'Écrivez les dates comme 2025-06-05, ou envoyez le champ « dayfirst » avec true ou false.',
  'Send values that lie on the clock, or with belief times of their own.':
    "Envoyez des valeurs alignées sur l'horloge, ou avec leurs propres dates d'estimation.",
  'Send rows that follow each other evenly; gaps are fine.': 'Envoyez des lignes régulièrement espacées ; les trous sont permis.',
  'The program is stopping and reads no files.': "Le programme s'arrête et ne lit pas de fichiers.",
  'Try again when it is back.': 'Réessayez quand il sera de retour.',
  'Name the unit that the values of the file are in.': "Indiquez l'unité des valeurs du fichier.",

  // What a device can do, and what others forbid it.
  'Stands still: {why}': "À l'arrêt : {why}",
  'It takes no orders now.': "Il ne prend pas d'ordre en ce moment.",
  'The device takes at most {power} now.': "L'appareil prend au plus {power} en ce moment.",
  'The device gives at most {power} now.': "L'appareil donne au plus {power} en ce moment.",
  'Does not discharge: its owner keeps at least {energy} in the battery.':
    'Ne se décharge pas : son propriétaire garde au moins {energy} dans la batterie.',
  'The clock of {station} is {age} behind; what it tells is taken at the moment it was heard.':
    "L'horloge de {station} retarde de {age} ; ce qu'elle annonce compte au moment où on l'entend.",
  'The clock of {station} is {age} ahead; what it tells is taken at the moment it was heard.':
    "L'horloge de {station} avance de {age} ; ce qu'elle annonce compte au moment où on l'entend.",
  'Another limit asks for at least {power}; this one stands above it.': 'Une autre limite demande au moins {power} ; celle-ci prime.',
  'Waits: {power} is less than the {step} a charger can hold.': "Attend : {power}, c'est moins que les {step} qu'une borne peut tenir.",
  '{owner} ordered {power} by hand.': '{owner} a imposé {power}.',
  'The site draws at most {power} by contract.': 'Par contrat, le site soutire au plus {power}.',
  'The site feeds in at most {power} by contract.': 'Par contrat, le site injecte au plus {power}.',
  'The site draws at most {power} and feeds in at most {other} by contract.':
    'Par contrat, le site soutire au plus {power} et injecte au plus {other}.',
  'The grid operator allows {what} until {time}.': "Le gestionnaire de réseau autorise {what} jusqu'à {time}.",
  'The contract allows {what} until {time}.': "Le contrat autorise {what} jusqu'à {time}.",
  'at most {power} of consumption': 'au plus {power} de consommation',
  'at least {power} of consumption': 'au moins {power} de consommation',
  'at most {power} of production': 'au plus {power} de production',
  'at least {power} and at most {other} of consumption': 'au moins {power} et au plus {other} de consommation',
  'at most {power} of consumption and at most {other} of production': 'au plus {power} de consommation et au plus {other} de production',
  'The grid operator allows no flexible consumption until {time} ({signal}).':
    "Le gestionnaire de réseau n'autorise aucune consommation flexible jusqu'à {time} ({signal}).",
  'The grid operator allows {share} of flexible consumption ({power}) until {time} ({signal}).':
    "Le gestionnaire de réseau autorise {share} de la consommation flexible ({power}) jusqu'à {time} ({signal}).",
  'load control': 'pilotage de charge',
  'demand response level {level}': "niveau {level} d'effacement",

  // What became of an order.
  'No answer in time.': 'Pas de réponse à temps.',
  'It has not answered yet.': "Il n'a pas encore répondu.",
  'The device refused the order.': "L'appareil a refusé l'ordre.",
  'Nothing measured for {age}.': 'Aucune mesure depuis {age}.',
  'Nothing measured yet.': 'Aucune mesure pour le moment.',
  'There is less sun than it may use.': "Il y a moins de soleil qu'il n'a le droit d'en utiliser.",
  'Measured {power} of {other}.': 'Mesuré : {power} sur {other}.',
  'The car is full.': 'La voiture est pleine.',
  'The battery is full.': 'La batterie est pleine.',
  'The car is empty.': 'La voiture est vide.',
  'The battery is empty.': 'La batterie est vide.',
  'The car takes less than it is offered.': "La voiture prend moins que ce qu'on lui offre.",
  'It gives way.': 'Il fait moins que demandé.',
  'The device is no longer connected.': "L'appareil n'est plus connecté.",

  // Why a plan was made, and what must be known of it.
  start: 'démarrage',
  'every {count} minutes': 'toutes les {count} minutes',
  'the clock jumped': "l'horloge a sauté",
  '{device}: a car arrived': '{device} : une voiture est arrivée',
  '{device}: the car left': '{device} : la voiture est partie',
  '{device}: on line again': '{device} : de nouveau en ligne',
  '{device}: off line': '{device} : hors ligne',
  '{device}: it can do something else': '{device} : ses capacités ont changé',
  '{device}: faulted': '{device} : en panne',
  'limits or overrides changed': 'les limites ou les consignes ont changé',
  'the grid operator sent a signal': 'un signal du gestionnaire de réseau',
  'prices changed': 'les prix ont changé',
  'the forecast moved': 'la prévision a bougé',
  'The solver gave no answer in time.': "Le solveur n'a pas répondu à temps.",
  'The solver gave no answer in time: planned device by device, how good the plan is was not proven.':
    "Le solveur n'a pas répondu à temps : planifié appareil par appareil, sans preuve de qualité.",
  'The plan of {time} is kept: {why}': 'Le plan de {time} est conservé : {why}',
  'No price sensor is configured: planned for self-consumption.':
    "Aucun capteur de prix n'est configuré : planifié pour l'autoconsommation.",
  'No price is known: planned for self-consumption.': "Aucun prix n'est connu : planifié pour l'autoconsommation.",
  'From {time} on prices repeat the last known day: the market has not spoken for {count} of {slots} slots.':
    "À partir de {time}, les prix répètent le dernier jour connu : le marché n'a rien dit pour {count} pas sur {slots}.",

  // Alarms.
  '{device} does not answer: {why}': '{device} ne répond pas : {why}',
  '{device} takes no orders: {why}': "{device} ne prend pas d'ordre : {why}",
  'It does not say why.': 'Il ne dit pas pourquoi.',
  '{device} says nothing of its order: {why}': '{device} ne dit rien de son ordre : {why}',
  '{device} does not follow its order: {why}': '{device} ne suit pas son ordre : {why}',
  'The solver gave no answer in time; devices were planned one by one.':
    "Le solveur n'a pas répondu à temps ; les appareils ont été planifiés un par un.",
  'There is no plan, devices keep their safe defaults: {why}': "Il n'y a pas de plan, les appareils suivent leur réglage sûr : {why}",
  'The last plan stays in force: {why}': 'Le dernier plan reste en vigueur : {why}',
  'Prices of the next twelve hours are missing: the last known day stands in for them.':
    'Les prix des douze prochaines heures manquent : le dernier jour connu les remplace.',
  'Orders could not be decided: {why}': "Les ordres n'ont pas pu être décidés : {why}",
  'Forecasts could not be refreshed: {why}': "Les prévisions n'ont pas pu être rafraîchies : {why}",
  'Tasks did not run in time, or failed: {names}.': "Des tâches n'ont pas tourné à temps ou ont échoué : {names}.",
  'Not heard of for too long: {names}.': 'Sans nouvelles depuis trop longtemps : {names}.',

  // Chargers.
  'The station is not connected.': "La borne n'est pas connectée.",
  'The station is being set up.': 'La borne est en cours de mise en service.',
  'No car is plugged in.': "Aucune voiture n'est branchée.",
  'Nobody has shown a token for the car yet.': "Personne n'a encore présenté de badge pour la voiture.",
  'The token of the car is not accepted ({status}).': "Le badge de la voiture n'est pas accepté ({status}).",
  'The station reports a fault.': 'La borne signale une panne.',
  '{station} reports a problem of its {part}.': 'La borne {station} signale un problème ({part}).',
  'The station asked for a pause of {age}.': 'La borne a demandé une pause de {age}.',
  'The station refused the profile: {answer}.': 'La borne a refusé le profil de charge : {answer}.',
  'The station refused every form of the profile.': 'La borne a refusé le profil de charge sous toutes ses formes.',
  '{station} draws {power} where {other} is allowed.': '{station} prend {power} là où {other} sont permis.',
  '{station} would allow {power} where {other} was ordered.': '{station} laisserait passer {power} là où {other} ont été demandés.',
  "There is no session '{session}' that goes on.": "Il n'y a pas de session « {session} » en cours.",
  "There is no charging station '{station}'.": "Il n'y a pas de borne « {station} ».",
  "Several stations have a session '{session}'.": 'Plusieurs bornes ont une session « {session} ».',
  'Name the station and the EVSE instead.': 'Nommez plutôt la borne et son point de charge.',
  'No car charges at {station} now.': 'Aucune voiture ne se charge à {station} en ce moment.',
  'Plug the car in and show the badge first.': "Branchez d'abord la voiture et présentez le badge.",
  'Nobody knows this code.': 'Personne ne connaît ce code.',
  'Scan the code on the charging point again.': 'Scannez à nouveau le code du point de charge.',
  'The wish says nothing.': 'Le souhait ne dit rien.',
  'Give energyKwh, socPercent, by, maxCost, solarOnly, priority or discharge.':
    'Donnez energyKwh, socPercent, by, maxCost, solarOnly, priority ou discharge.',
  'The wish gives both energyKwh and socPercent.': 'Le souhait donne à la fois energyKwh et socPercent.',
  'The time of the wish is over.': "L'heure du souhait est passée.",
  'Give a time that is still to come.': 'Donnez une heure à venir.',
  'The wish asks for priority and for solar energy only.': 'Le souhait demande à la fois la priorité et seulement du solaire.',
  'Choose one of them.': "Choisissez l'un des deux.",
  'Only the owner of the car lets it give energy back.': "Seul le propriétaire de la voiture permet qu'elle rende de l'énergie.",
  'Ask the operator.': "Adressez-vous à l'opérateur.",
  "'{time}' is no time of day.": "« {time} » n'est pas une heure.",
  "Write it like '07:00', or give a moment with its offset.": 'Écrivez-la comme « 07:00 », ou donnez un instant avec son décalage.',
  'This page is asked for too often from your network.': 'Cette page est demandée trop souvent depuis votre réseau.',
  'Wait {count} seconds.': 'Attendez {count} secondes.',
  'About {price} for {energy}.': 'Environ {price} pour {energy}.',
  '{energy} will be missing at {time}.': 'Il manquera {energy} à {time}.',
  '{price} are spent before that.': '{price} sont dépensés avant.',
  'The sun is expected to give {energy} by then.': "Le soleil devrait donner {energy} d'ici là.",
  'The battery has room for {energy}.': 'La batterie a de la place pour {energy}.',
  'No power is left for this car until then.': "Il ne reste pas de puissance pour cette voiture d'ici là.",
  'At most {power} can flow into the car.': 'Au plus {power} peuvent entrer dans la voiture.',
  'Part of it counts on prices that are not known yet.': 'Une partie repose sur des prix pas encore connus.',
  'The driver wants energy of the sun only.': 'Le conducteur ne veut que du soleil.',
  'What the driver wants to spend is spent.': 'Ce que le conducteur voulait dépenser est dépensé.',
  'Look at the sessions in the list of stations.': 'Regardez les sessions dans la liste des bornes.',
  'The station holds {power} where {other} was ordered.': 'La borne tient {power} là où {other} ont été demandés.',
  '{device} did not answer {action} within {age}.': "{device} n'a pas répondu à {action} en {age}.",
  'Whether it took effect is unknown; read the state back before repeating.':
    "On ne sait pas si l'ordre a pris effet ; relisez l'état avant de recommencer.",
  '{device} is not connected any more.': "{device} n'est plus connecté.",
  'Wait until it has reconnected.': "Attendez qu'il se reconnecte.",
  'It is on the road.': 'En route.',

  // Devices on a bus.
  'It has not been heard yet.': "Il n'a encore rien dit.",
  'It was last heard {age} ago.': 'Dernier signe il y a {age}.',
  "Its {reading} is '{status}'.": 'Son relevé « {reading} » dit « {status} ».',
  'Its template knows no orders.': "Son modèle ne connaît pas d'ordre.",
  'It holds something else in {register} than it was told.': 'Il tient dans {register} autre chose que ce qui lui a été dit.',
  "{device} is frozen: its '{reading}' has stood still for {age}.":
    '{device} est figé : son relevé « {reading} » ne bouge plus depuis {age}.',
  'Its measured values are not believed any more; restart the device.':
    "Ses mesures ne sont plus prises en compte ; redémarrez l'appareil.",
  '{device} took longer than {count} ms.': '{device} a mis plus de {count} ms.',
  '{where} did not {request} within {count} ms.': "{where} n'a pas répondu en {count} ms ({request}).",
  'A wrong unit id (here {count}) is answered with silence.': "Un mauvais numéro d'unité (ici {count}) n'obtient que le silence.",
  '{where} cannot be reached: {detail}.': '{where} est injoignable : {detail}.',
  'Check that the device is switched on and that host and port are right.':
    "Vérifiez que l'appareil est allumé et que l'adresse et le port sont justes.",
  'The connection to {where} was closed.': 'La connexion à {where} a été fermée.',
  '{count} requests wait for {where}; it does not keep up.': '{count} demandes attendent {where} ; il ne suit pas.',
  'The device refused to {request}: exception {count}, {detail}.': "L'appareil a refusé ({request}) : exception {count}, {detail}.",
  'read coils {range}': 'lecture des bobines {range}',
  'read discrete inputs {range}': 'lecture des entrées binaires {range}',
  'read holding registers {range}': 'lecture des registres {range}',
  'read input registers {range}': "lecture des registres d'entrée {range}",
  'write coil {range}': 'écriture de la bobine {range}',
  'write register {range}': 'écriture du registre {range}',
  'write coils {range}': 'écriture des bobines {range}',
  'write registers {range}': 'écriture des registres {range}',
  'exchange registers {range}': 'échange des registres {range}',

  // Of an uploaded file.
  'The file holds no rows of data.': 'Le fichier ne contient aucune ligne de données.',
  'The workbook holds no sheet.': 'Le classeur ne contient aucune feuille.',
  'The file has more than {count} rows.': 'Le fichier a plus de {count} lignes.',
  'The file cannot be read as {kind}: {why}': 'Le fichier ne se lit pas comme {kind} : {why}',
  'It is no text.': "Ce n'est pas du texte.",
  'The file is damaged, or it is no workbook.': "Le fichier est abîmé, ou ce n'est pas un classeur.",
  'Unpacked, the workbook is larger than {count} MB.': 'Décompressé, le classeur dépasse {count} Mo.',
  'The workbook consists of more than {count} parts.': 'Le classeur se compose de plus de {count} parties.',
  'The workbook is protected by a password.': 'Le classeur est protégé par un mot de passe.',
  'The file has one column; a start and a value per row are needed.':
    'Le fichier a une seule colonne ; il faut un début et une valeur par ligne.',
  'The file has {count} columns: name the two that count event_start and event_value in the first row.':
    'Le fichier a {count} colonnes : nommez les deux qui comptent event_start et event_value à la première ligne.',
  "Row {row}: '{text}' is no date and time.": "Ligne {row} : « {text} » n'est pas une date avec heure.",
  "Row {row}: '{text}' is no number.": "Ligne {row} : « {text} » n'est pas un nombre.",
  "Row {row}: '{text}' is no length of time.": "Ligne {row} : « {text} » n'est pas une durée.",
  'Row {row} has a value but no date and time.': 'La ligne {row} a une valeur, mais ni date ni heure.',
  "Row {row}: the formula '{text}' has no computed number.": "Ligne {row} : la formule « {text} » n'a pas de nombre calculé.",
  'Row {row}: the local time {text} does not exist in {zone}, the clock goes forward.':
    "Ligne {row} : l'heure locale {text} n'existe pas en {zone}, l'horloge avance.",
  "'{text}' may be day first or month first.": '« {text} » peut commencer par le jour ou par le mois.',
  'Could not infer a regular event frequency from the data: most events are {age} apart, but not the one at {text}.':
    'Les données ne se suivent pas à pas réguliers : la plupart sont à {age} les unes des autres, mais pas celle de {text}.',
  'The file has two values for {text}.': 'Le fichier a deux valeurs pour {text}.',
  'Two values fall on {text} when starts are moved onto the clock of the data ({age}).':
    "Deux valeurs tombent sur {text} une fois les débuts ramenés à l'horloge des données ({age}).",
  'The files have more than {count} different belief times.': 'Les fichiers ont plus de {count} moments de connaissance différents.',
  'The data makes more than {count} events of this sensor.': 'Les données font plus de {count} événements de ce capteur.',
  'Reading the file took longer than {age}.': 'La lecture du fichier a pris plus de {age}.',
  'The first row is data: it counts as the others.': 'La première ligne contient des données : elle compte comme les autres.',
  "Only the sheet '{text}' is read, not the {count} others.": 'Seule la feuille « {text} » est lue, pas les {count} autres.',
  'Commas are read as decimal commas.': 'Les virgules sont lues comme virgules décimales.',
  'Commas are read as thousands separators.': 'Les virgules sont lues comme séparateurs de milliers.',
  'Dates are read day first.': 'Les dates sont lues en commençant par le jour.',
  'Dates are read month first.': 'Les dates sont lues en commençant par le mois.',
  'Local times that occur twice on the night of {text} are read as the earlier ones.':
    'Les heures locales qui existent deux fois la nuit du {text} sont lues comme les premières.',
  'Starts are moved back onto the clock of the data ({age}).': "Les débuts sont ramenés à l'horloge des données ({age}).",
  'Values are added up to the resolution of the sensor ({age}).': 'Les valeurs sont additionnées à la résolution du capteur ({age}).',
  'Values are averaged to the resolution of the sensor ({age}).': 'Les valeurs sont moyennées à la résolution du capteur ({age}).',
  'Values are repeated at the resolution of the sensor ({age}).': 'Les valeurs sont répétées à la résolution du capteur ({age}).',
  'Values are divided evenly over the resolution of the sensor ({age}).':
    'Les valeurs sont réparties également à la résolution du capteur ({age}).',
  'Values are converted from {text} to {unit}.': 'Les valeurs sont converties de {text} en {unit}.',
  'Rows without a value are left out: {count}.': 'Les lignes sans valeur sont laissées de côté : {count}.',

  // What is refused to people, and what to do.
  'Asset {asset} is neither the site nor one of its devices.': "L'actif {asset} n'est ni le site ni l'un de ses appareils.",
  "Leave 'asset' out to limit the whole site ({asset}).": 'Omettez « asset » pour limiter tout le site ({asset}).',
  'A limit without maxKw and minKw limits nothing.': 'Une limite sans maxKw ni minKw ne limite rien.',
  'Give maxKw (consumption), minKw (negative: production) or both.':
    'Donnez maxKw (consommation), minKw (négatif : production) ou les deux.',
  '{value} kW is not a power.': "{value} kW n'est pas une puissance.",
  'Give a number of kW below a thousand million.': 'Donnez un nombre de kW inférieur à un milliard.',
  'minKw {low} lies above maxKw {high}.': 'minKw {low} dépasse maxKw {high}.',
  'Swap them: consumption is positive, production negative.': 'Échangez-les : la consommation est positive, la production négative.',
  'The limit ends before it begins.': 'La limite finit avant de commencer.',
  "Give 'until' after 'from', or a positive 'duration'.": 'Donnez « until » après « from », ou une « duration » positive.',
  'The limit lies in the past.': 'La limite est dans le passé.',
  "Give 'until' in the future.": 'Donnez « until » dans le futur.',
  "No posted limit '{id}' is in force or announced.": "Aucune limite posée « {id} » n'est en vigueur ni annoncée.",
  'List the limits; limits of a signal sensor end when the sensor says 100 % (or level 0).':
    "Consultez la liste des limites ; celles d'un capteur de signal finissent quand il dit 100 % (ou niveau 0).",
  "No device '{id}' takes orders at this site.": "Aucun appareil « {id} » ne prend d'ordres sur ce site.",
  'Orders go to batteries, chargers and PV (BAT001, CP001, PV001); a car takes them from its charger.':
    'Les ordres vont aux batteries, aux bornes et au PV (BAT001, CP001, PV001) ; une voiture les reçoit de sa borne.',
  'The override ends in the past.': 'La dérogation finit dans le passé.',
  "Give 'powerKw' (charging positive) and 'until' in the future or 'duration'.":
    'Donnez « powerKw » (charge positive) et « until » dans le futur ou « duration ».',
  "No override '{id}' is in force.": "Aucune dérogation « {id} » n'est en vigueur.",
  'It may have ended already; list them.': 'Elle est peut-être déjà finie ; consultez la liste.',
  '{action} cannot be sent to a station by hand.': '{action} ne peut pas être envoyé à la main à une borne.',
  'Post an override or a limit instead: its reason then goes with it.':
    "Posez plutôt une dérogation ou une limite : sa raison l'accompagnera.",
  'Use one of {actions}.': 'Choisissez parmi {actions}.',
  'The password of a station is not changed by hand.': "Le mot de passe d'une borne ne se change pas à la main.",
  'There is no certificate authority: its key would need the secret store, which is not open.':
    "Il n'y a pas d'autorité de certification : sa clé demanderait le coffre des secrets, qui n'est pas ouvert.",
  'Start the platform with a data folder, or set CARIFLEX_SECRET_KEY.':
    'Démarrez la plateforme avec un dossier de données, ou donnez CARIFLEX_SECRET_KEY.',
  "There is no certificate '{fingerprint}'.": "Il n'y a pas de certificat « {fingerprint} ».",
  'Look at the list of certificates.': 'Regardez la liste des certificats.',
  '{station} is at security profile {profile} already; it only goes up.':
    '{station} est déjà au profil de sécurité {profile} ; il ne fait que monter.',
  'To go down, register the station anew with the profile it shall have.':
    "Pour descendre, inscrivez à nouveau la borne avec le profil qu'elle doit avoir.",
  'Look at its conversation for the details it gave.': "Regardez dans sa conversation les précisions qu'elle a données.",
  'A change of this kind is under way for {station}.': 'Un changement de cette sorte est en cours pour {station}.',
  'Wait for its end.': 'Attendez sa fin.',
  'A password of a station has 16 to 40 characters, 20 at most with OCPP 1.6: letters, digits, full stops and *-_=:+|@.':
    "Le mot de passe d'une borne a de 16 à 40 caractères, 20 au plus avec OCPP 1.6 : lettres, chiffres, points et *-_=:+|@.",
  'Leave it out to have one invented.': 'Ne le donnez pas : il en sera inventé un.',
  'A station without a password cannot go to security profile {profile}.':
    'Une borne sans mot de passe ne peut pas passer au profil de sécurité {profile}.',
  'Give it a password first.': "Donnez-lui d'abord un mot de passe.",
  'Security profiles 2 and 3 need the encrypted port, which is closed.':
    'Les profils de sécurité 2 et 3 demandent le port chiffré, qui est fermé.',
  'Set charging.tls.port.': 'Donnez charging.tls.port.',
  '{station} has no certificate of its own to come with.': "{station} n'a pas de certificat à elle pour se présenter.",
  'Have one signed first.': "Faites-en d'abord signer un.",
  'The certificate of {station} ends {when}.': 'Le certificat de {station} prend fin le {when}.',
  '{url} answered {status} when its revocation list was asked for.':
    '{url} a répondu {status} quand sa liste de révocation lui a été demandée.',
  'Nobody we trust signed the revocation list of {issuer}.': "La liste de révocation de {issuer} n'est signée par personne de confiance.",
  'Trust its root first; if another authority stands between, give its certificate beside the list.':
    "Approuvez d'abord sa racine ; si une autre autorité se trouve entre les deux, donnez son certificat avec la liste.",
  'The revocation list of {issuer} does not count yet.': 'La liste de révocation de {issuer} ne compte pas encore.',
  'The revocation list of {issuer} has ended.': 'La liste de révocation de {issuer} a expiré.',
  'A newer revocation list of {issuer} is here already.': 'Une liste de révocation plus récente de {issuer} est déjà là.',
  'Get the newest one from its authority.': 'Demandez la plus récente à son autorité.',
  "There is no revocation list that '{fingerprint}' signed.": "Aucune liste de révocation n'est signée par « {fingerprint} ».",
  'Look at the list of revocation lists.': 'Regardez la liste des listes de révocation.',
  'The revocation list of {issuer} ended {when}: what it took back since then is not known.':
    "La liste de révocation de {issuer} a expiré le {when} : ce qui a été révoqué depuis n'est pas connu.",
  '{station} reports the security event {event}.': "{station} signale l'événement de sécurité {event}.",
  'Register the station anew with its new password.': 'Enregistrez de nouveau la borne avec son nouveau mot de passe.',
  '{station} is not connected.': "{station} n'est pas connectée.",
  '{station} refused {action}: {answer}.': '{station} a refusé {action} : {answer}.',
  'The station does not support it, or not now.': 'La borne ne le permet pas, ou pas maintenant.',
  "There is no station '{station}'.": "Il n'y a pas de borne « {station} ».",
  '{station} has no session to stop.': "{station} n'a aucune session à arrêter.",
  'Look at the list of stations.': 'Consultez la liste des bornes.',
  "OCPP {version} has no message '{action}' to a station.": "OCPP {version} n'a pas de message '{action}' vers une borne.",
  'The boot of {station} is not accepted: it takes no {action} now.':
    "Le démarrage de {station} n'est pas accepté : elle ne prend pas de {action} pour l'instant.",
  'Accept its boot first.': "Acceptez d'abord son démarrage.",
  'The local list of {station} holds at most {count} badges.': 'La liste locale de {station} contient au plus {count} badges.',
  'Take badges that need no local list out of the lists.': "Retirez des listes les badges qui n'en ont pas besoin.",
  '{station} did not take its local list: {answer}.': "{station} n'a pas pris sa liste locale : {answer}.",
  'There is no such file, or its address is of no use any more.': "Ce fichier n'existe pas, ou son adresse ne sert plus.",
  'Ask for it again.': 'Redemandez-le.',
  'The file is larger than {count} MiB.': 'Le fichier dépasse {count} Mio.',
  // The simulated world.
  '{station} is occupied by {device}.': '{station} est occupée par {device}.',
  'Unplug {device} first.': "Débranchez d'abord {device}.",
  '{device} is not plugged anywhere.': "{device} n'est branchée nulle part.",
  'Plug it first.': "Branchez-la d'abord.",
  "There is a simulated station '{station}' already.": 'Il y a déjà une borne simulée « {station} ».',
  'Choose another identity.': 'Choisissez une autre identité.',
  "There is no simulated car '{id}'.": "Il n'y a pas de voiture simulée « {id} ».",
  "There is no simulated station '{id}'.": "Il n'y a pas de borne simulée « {id} ».",
  "There is no simulated station '{id}' that was added by hand.": "Il n'y a pas de borne simulée « {id} » ajoutée à la main.",
  'Known: {names}.': 'Connues : {names}.',
  'The simulated cars are not there yet.': 'Les voitures simulées ne sont pas encore là.',
  'Try again in a moment.': 'Réessayez dans un instant.',

  // Tariffs that cannot be read.
  'The tariff cannot be read: {fault}.': 'Le tarif est illisible : {fault}.',
  'The case cannot be read: {fault}.': 'Le cas est illisible : {fault}.',
  'Fields are those of an OCPI 2.2.1 Tariff; see docs/reference/tariffs.md.':
    "Les champs sont ceux d'un tarif OCPI 2.2.1 ; voir docs/reference/tariffs.md.",
  'The case cannot be read: it has neither a tariff nor tariffs, or both.':
    "Le cas est illisible : il n'a ni tarif ni tarifs, ou les deux.",
  "Give 'tariff', or 'tariffs' with the default one first.": 'Donnez « tariff », ou « tariffs » avec celui par défaut en premier.',
  "The case cannot be read: '{zone}' is not a time zone.": "Le cas est illisible : « {zone} » n'est pas un fuseau horaire.",
  "Write it like 'America/Martinique'.": 'Écrivez-le comme « America/Martinique ».',
  // Addresses that others chose.
  "'{address}' is not called: it is no address.": "« {address} » n'est pas appelé : ce n'est pas une adresse.",
  "'{address}' is not called: {protocol} is not spoken.": "« {address} » n'est pas appelé : {protocol} n'est pas pratiqué.",
  "'{address}' is not called: it carries a password.": "« {address} » n'est pas appelé : l'adresse contient un mot de passe.",
  "'{address}' is not called: {host} is private.": "« {address} » n'est pas appelé : {host} est une adresse privée.",
  'Name a public http or https address, or add it to security.outwardAllow.':
    'Donnez une adresse http ou https publique, ou ajoutez-la à security.outwardAllow.',
  "'{host}' has no address.": "« {host} » n'a pas d'adresse.",
  "The address of '{host}' is not known.": "L'adresse de « {host} » n'est pas connue.",
  '{host} did not answer: it took too long.': "{host} n'a pas répondu à temps.",
  '{host} did not answer: {error}.': "{host} n'a pas répondu : {error}.",
  '{host} answered with more than {count} bytes.': '{host} a répondu par plus de {count} octets.',
  'Take the name of a message as OCPP writes it.': "Prenez le nom d'un message tel qu'OCPP l'écrit.",
  'It is not said which firmware.': "Le firmware n'est pas indiqué.",
  'Give the URL where stations fetch it, or the number of a file that was uploaded here.':
    "Donnez l'adresse où les bornes le cherchent, ou le numéro d'un fichier déposé ici.",
  'There is no firmware campaign {count}.': "Il n'y a pas de campagne de firmware {count}.",
  'Look at the list of campaigns.': 'Voyez la liste des campagnes.',
  'The firmware campaign {count} is over.': 'La campagne de firmware {count} est terminée.',
  'Have those that failed try again, or begin another one.': 'Faites réessayer les bornes en échec, ou lancez-en une autre.',
  'The campaign has no stations.': "La campagne n'a aucune borne.",
  'Name stations, or a model that some of yours have.': 'Nommez des bornes, ou un modèle que certaines ont.',
  'No station failed that could try again.': 'Aucune borne en échec ne peut réessayer.',
  'The firmware of {station} could not be updated: {answer}.': "Le micrologiciel de {station} n'a pas pu être mis à jour : {answer}.",
  '{station} reports {part}: {value}.': '{station} signale {part} : {value}.',
  'Name one customer (badge, identifier or certificate), and whether to report or to erase.':
    "Nommez un client (badge, identifiant ou certificat), et dites s'il faut rapporter ou effacer.",
  'Set report or clear to true.': 'Mettez report ou clear à true.',
  'The reservation would be over already.': 'La réservation serait déjà passée.',
  'Give a moment that is still to come.': 'Donnez un moment à venir.',
  '{station} has no transaction {id}.': "{station} n'a pas de transaction {id}.",
  '{station} has no reservation {count}.': "{station} n'a pas de réservation {count}.",
  'A token has 1 to 255 characters.': 'Un badge a de 1 à 255 caractères.',
  'Write it as the reader shows it.': "Écrivez-le comme le lecteur l'affiche.",
  "'{token}' is no eMAID, or its check digit is wrong.": "'{token}' n'est pas un eMAID, ou sa clé de contrôle est fausse.",
  'An eMAID has two letters, twelve letters or digits, and perhaps a check digit.':
    'Un eMAID a deux lettres, douze lettres ou chiffres, et peut-être une clé de contrôle.',
  "There is no badge '{token}'.": "Il n'y a pas de badge '{token}'.",
  'Look at the list of badges.': 'Consultez la liste des badges.',
  "There is no tariff '{tariff}'.": "Il n'y a pas de tarif « {tariff} ».",
  "{station} has no session '{transaction}'.": "{station} n'a pas de session « {transaction} ».",
  'The price is kept within the bounds of the tariff.': 'Le prix est ramené dans les limites du tarif.',
  "Element {element} of the tariff '{tariff}' sets this price.": "L'élément {element} du tarif « {tariff} » fixe ce prix.",
  'Rounded up to the step of {step}.': 'Arrondi au pas supérieur de {step}.',
  'Look at the list of tariffs.': 'Consultez la liste des tarifs.',
  'The Idempotency-Key cannot be read.': "La clé Idempotency-Key n'est pas lisible.",
  'Send 1 to 255 printable characters without spaces, such as a UUID.':
    'Envoyez de 1 à 255 caractères imprimables sans espace, par exemple un UUID.',
  'This Idempotency-Key was used for another request.': 'Cette clé Idempotency-Key a servi à une autre demande.',
  'Take a new key for every request of its own.': 'Prenez une nouvelle clé pour chaque nouvelle demande.',
  'A request with this Idempotency-Key is not answered yet, or its end was never known.':
    "Une demande avec cette clé Idempotency-Key n'a pas encore de réponse, ou son issue est restée inconnue.",
  'Wait and send it again; if that does not help, look at what became of it before you send it with another key.':
    "Attendez et renvoyez-la ; si cela ne suffit pas, regardez ce qu'elle est devenue avant de la renvoyer avec une autre clé.",
  'A file cannot be sent with an Idempotency-Key.': 'Un fichier ne peut pas être envoyé avec une clé Idempotency-Key.',
  'Send it without the key.': 'Envoyez-le sans la clé.',
  'The station would price otherwise than we do; OCPP 2.1 cannot say: {what}.':
    'La borne calculerait un autre prix que nous ; OCPP 2.1 ne sait pas dire : {what}.',
  'The station says that it takes no such tariff: {answer}.': 'La borne dit ne pas accepter un tel tarif : {answer}.',
  'Choose a tariff that the station can price.': 'Choisissez un tarif que la borne sait calculer.',
  'No tariff held when the session began: it costs nothing.': "Aucun tarif n'était en vigueur au début de la session : elle ne coûte rien.",
  'Choose a tariff before a session begins.': "Choisissez un tarif avant le début d'une session.",
  '{station} refused the tariff: {answer}.': '{station} a refusé le tarif : {answer}.',
  'The session is priced in {currency}.': 'Le prix de la session est calculé en {currency}.',
  '{station} prices session {transaction} at {theirs} {currency}, we at {ours}.':
    '{station} calcule {theirs} {currency} pour la session {transaction}, nous {ours}.',
  '{station} could not price session {transaction}: {answer}.':
    "{station} n'a pas pu calculer le prix de la session {transaction} : {answer}.",
  "The tariff '{tariff}' holds at {places} places.": 'Le tarif « {tariff} » est en vigueur à {places} endroits.',
  'The MQTT broker of EVerest cannot be reached.': "Le serveur MQTT d'EVerest est injoignable.",
  'EVerest has told nothing for {age}.': "EVerest n'a rien dit depuis {age}.",
  "EVerest says '{status}'.": 'EVerest dit « {status} ».',
  "'{emaid}' is no eMAID, or its check character is wrong.": "« {emaid} » n'est pas un eMAID, ou son caractère de contrôle est faux.",
  'Give two letters for the country, three characters for the provider, nine for the contract; the check character may be left out.':
    'Donnez deux lettres pour le pays, trois caractères pour le fournisseur, neuf pour le contrat ; le caractère de contrôle est facultatif.',
  "The contract '{emaid}' is there already.": 'Le contrat « {emaid} » existe déjà.',
  'Revoke it first, or choose another one.': "Révoquez-le d'abord, ou choisissez-en un autre.",
  "There is no contract '{emaid}'.": "Il n'y a pas de contrat « {emaid} ».",
  'Look at the list of contracts.': 'Consultez la liste des contrats.',
  'A contract must end in the future.': 'Un contrat doit se terminer dans le futur.',
  'There is no authority yet that could sign contracts.': 'Aucune autorité ne peut encore signer des contrats.',
  "Make the one for trials with 'cariflex charging contracts trial', or set charging.contracts.url to a pool of the market.":
    "Créez celle d'essai avec « cariflex charging contracts trial », ou indiquez dans charging.contracts.url une bourse du marché.",
  'The pool of contracts answered {status}.': 'La bourse de contrats a répondu {status}.',
  'The pool of contracts has none for this car.': "La bourse de contrats n'en a aucun pour ce véhicule.",
  'This pool installs contracts and renews none.': 'Cette bourse installe des contrats et n’en renouvelle pas.',
  'The pool of contracts answered something that is no contract.': "La bourse de contrats a répondu autre chose qu'un contrat.",
  "There is no webhook '{webhook}'.": "Il n'y a pas de webhook « {webhook} ».",
  'Look at the list of webhooks.': 'Consultez la liste des webhooks.',
  'There are {count} webhooks already.': 'Il y a déjà {count} webhooks.',
  'Remove some that nobody listens to.': "Supprimez ceux que personne n'écoute.",
  'Choose another tariff there first.': "Choisissez-y d'abord un autre tarif.",
  'This platform has no bridge to a running CitrineOS.': "Cette plateforme n'a pas de pont vers un CitrineOS en service.",
  'Set charging.citrineos.amqp in the configuration.': 'Renseignez charging.citrineos.amqp dans la configuration.',
  "There is no column '{name}'.": "Il n'y a pas de colonne « {name} ».",
  "The column '{name}' is missing.": 'La colonne « {name} » manque.',
  'Columns: {names}; identity and power_kw are needed.': 'Colonnes : {names} ; identity et power_kw sont nécessaires.',
  '{name} is empty.': '{name} est vide.',
  "{name} must be a number from {least} to {most}; it is '{text}'.": '{name} doit être un nombre de {least} à {most} ; c’est « {text} ».',
  "phases must be 1 or 3; it is '{text}'.": 'phases doit être 1 ou 3 ; c’est « {text} ».',
  'latitude and longitude go together.': "latitude et longitude vont l'une avec l'autre.",
  'A password has 16 to 40 characters: letters, digits, full stops and *-_=:+|@.':
    'Un mot de passe a de 16 à 40 caractères : lettres, chiffres, points et *-_=:+|@.',
  "status '{text}' is none of ours.": "L'état « {text} » n'existe pas ici.",
  '{station} stands in line {line} already.': '{station} figure déjà à la ligne {line}.',
  'its asset is not there, or is no charger': "son équipement n'existe pas, ou n'est pas une borne",
  'it never came, and CitrineOS does not know it': "elle n'est jamais venue, et CitrineOS ne la connaît pas",
  '{power} here, {other} at CitrineOS': '{power} ici, {other} chez CitrineOS',
  '{power} here, {other} on its asset': '{power} ici, {other} sur son équipement',
  '{place} on its asset, {other} at CitrineOS': '{place} sur son équipement, {other} chez CitrineOS',
  'no place on its asset, {other} at CitrineOS': 'aucune place sur son équipement, {other} chez CitrineOS',
  'nobody knows where it stands': 'personne ne sait où elle se trouve',
  'asset {number} is a charger, and no station belongs to it': "l'équipement {number} est une borne, et aucune station ne lui appartient",
  'CitrineOS has it, with {power}': 'CitrineOS la connaît, avec {power}',
  'CitrineOS has it, without the power of its connectors': 'CitrineOS la connaît, sans la puissance de ses prises',
  'The broker of CitrineOS is away: {fault}': 'Le courtier de messages de CitrineOS est injoignable : {fault}',
  "Run 'cariflex charging bridge check'.": 'Lancez « cariflex charging bridge check ».',
  '{action} is the affair of CitrineOS, which this station belongs to.': "{action} est l'affaire de CitrineOS, dont cette borne dépend.",
  'CitrineOS has no {action} for this version of OCPP.': "CitrineOS n'a pas de {action} pour cette version d'OCPP.",
  'The interface of CitrineOS did not take {action}: {fault}': "L'interface de CitrineOS n'a pas pris {action} : {fault}",
  '{station}: session {transaction} goes on at CitrineOS and not here.':
    '{station} : la session {transaction} continue chez CitrineOS et pas ici.',
  '{station}: session {transaction} has ended at CitrineOS and goes on here.':
    '{station} : la session {transaction} est finie chez CitrineOS et continue ici.',
  '{station}: session {transaction} goes on here and not at CitrineOS.':
    '{station} : la session {transaction} continue ici et pas chez CitrineOS.',
  '{station}: meter values of session {transaction} are at CitrineOS and not here.':
    '{station} : des relevés de la session {transaction} sont chez CitrineOS et pas ici.',
  '{station} does not hold the limit that was laid on it: {power} instead of {other}.':
    '{station} ne tient pas la limite qui lui a été posée : {power} au lieu de {other}.',
  "'{url}' cannot be the address of a CSMS.": "« {url} » ne peut pas être l'adresse d'une supervision.",
  "Write it as wss://host/path, without the station's identity, a user or a password.":
    "Écrivez-la sous la forme wss://hôte/chemin, sans l'identité de la borne, ni utilisateur, ni mot de passe.",
  'No plan was made yet.': "Aucun plan n'a encore été fait.",
  'The first plan comes within a minute of the start.': 'Le premier plan arrive dans la minute qui suit le démarrage.',
  'Nobody is signed in.': "Personne n'est connecté.",
  'Sign in, or send a token.': 'Connectez-vous, ou envoyez un jeton.',
  "Neither 'until' nor 'duration' was given.": "Ni « until » ni « duration » n'ont été donnés.",
  "Add duration: 'PT1H', or until with an offset.": 'Ajoutez duration : « PT1H », ou until avec un décalage horaire.',
  'This program steers no site.': 'Ce programme ne pilote aucun site.',
  'Describe a territory in cariflex.yaml and start again.': 'Décrivez un territoire dans cariflex.yaml et redémarrez.',
  'Station {station} is known already.': 'La borne {station} est déjà connue.',
  'Choose another identity, or remove the old one first.': "Choisissez un autre identifiant, ou retirez d'abord l'ancienne.",
  'The latitude alone is no place.': "La latitude seule n'est pas un lieu.",
  'The longitude alone is no place.': "La longitude seule n'est pas un lieu.",
  'Give latitude and longitude, or neither.': 'Donnez latitude et longitude, ou aucune des deux.',
  'No asset that you can reach has the id {names}.': "Aucun équipement qui vous soit accessible n'a l'identifiant {names}.",
  'Watch assets that you can read.': 'Suivez des équipements que vous pouvez lire.',
  'There is no account {account}.': 'Il n’y a pas de compte {account}.',

  // Forecasts.
  'Reads the past.': 'Lit le passé.',
  'Looks at the past.': 'Examine le passé.',
  'Tries the model {model}.': 'Essaie le modèle {model}.',
  'Learns how far it may be off.': 'Apprend de combien elle peut se tromper.',
  'Learns the model {model}.': 'Apprend le modèle {model}.',
  'Has learned.': 'A appris.',
  'Looks ahead.': 'Regarde devant.',
  'Stores the forecast.': 'Enregistre la prévision.',
  'All of the next {length} is known already.': 'Tout est déjà connu pour {length}.',
  'Ask for a longer duration.': 'Demandez une durée plus longue.',
  "No forecast is called '{name}'.": "Aucune prévision ne s'appelle « {name} ».",
  'None is configured.': "Aucune n'est configurée.",
  'There are: {names}.': 'Il y a : {names}.',
  'Neither sensor nor name was given.': "Ni capteur ni nom n'a été donné.",
  'Give one of them.': "Donnez l'un des deux.",
  'The training period must be between 2 days and a year.': "La période d'apprentissage doit être comprise entre 2 jours et un an.",
  "Write it like 'P60D'.": 'Écrivez-la comme « P60D ».',
  'You may not read sensor {sensor}, which the forecast would learn from.':
    'Vous ne pouvez pas lire le capteur {sensor}, dont la prévision apprendrait.',
  'Leave it out, or ask its owner.': 'Retirez-le, ou demandez à son propriétaire.',
  'No such forecast is known.': "Cette prévision n'est pas connue.",
  'Ended ones are forgotten after two weeks.': 'Celles qui sont finies sont oubliées après deux semaines.',
  'That forecast has ended already.': 'Cette prévision est déjà finie.',
  'Read it, or make another one.': 'Lisez-la, ou faites-en une autre.',

  // Orders to the devices of a community.
  'The device did not say within its time that it did it, after {tries} tries.':
    "L'appareil n'a pas confirmé dans les temps, après {tries} essais.",
  'The order is too old to be carried out.': "L'ordre est trop ancien pour être exécuté.",
  'A newer order took its place.': 'Un ordre plus récent a pris sa place.',
  'The device went offline.': "L'appareil s'est déconnecté.",
  'The device is offline: the order is kept, and sent when it is back.':
    "L'appareil est hors ligne : l'ordre est gardé, et envoyé à son retour.",
  'The appliance is in mode {mode}: nothing drives it.': "L'équipement est en mode {mode} : rien ne le pilote.",
  'The device cannot do that.': "L'appareil ne sait pas faire cela.",
  'There is no appliance {id}.': "Il n'y a pas d'équipement {id}.",
  'Somebody who operates the community can lift that.': "Quelqu'un qui exploite la communauté peut lever cela.",
  'Everything is manual now: the plan gives no orders.': "Tout est en manuel à présent : le plan ne donne pas d'ordres.",

  // The hardware registry of a community.
  "There is no device '{id}'.": "Il n'y a pas d'appareil « {id} ».",
  'Register it with an inventory: cariflex devices import.': 'Enregistrez-le par un inventaire : cariflex devices import.',
  'The inventory is empty: its first line must name its columns.': "L'inventaire est vide : sa première ligne doit nommer ses colonnes.",
  "The column '{column}' is missing in the first line.": 'La colonne « {column} » manque dans la première ligne.',
  "The column '{column}' stands twice in the first line.": 'La colonne « {column} » figure deux fois dans la première ligne.',
  'Columns, separated by commas: {columns}.': 'Colonnes, séparées par des virgules : {columns}.',
  'The inventory has more than {count} lines.': "L'inventaire a plus de {count} lignes.",
  'Import it in parts.': 'Importez-le en plusieurs parties.',
  'A quoted cell does not end as it must, or a quote stands inside a cell that has none around it.':
    "Une cellule entre guillemets ne se termine pas comme il faut, ou un guillemet figure dans une cellule qui n'en est pas entourée.",
  'There are {cells} cells, and {columns} columns.': 'Il y a {cells} cellules pour {columns} colonnes.',
  "id '{value}' is not the id of a device: one capital letter and one to four digits, such as A101.":
    "L'id « {value} » n'est pas celui d'un appareil : une majuscule et un à quatre chiffres, par exemple A101.",
  '{column} is empty.': '{column} est vide.',
  "{column} must be a whole number above zero, not '{value}'.": '{column} doit être un nombre entier positif, pas « {value} ».',
  "{column} must be watts from 0 to {most}, not '{value}'.": '{column} doit être en watts, de 0 à {most}, pas « {value} ».',
  '{column} has no code {value}: there are {codes}.': '{column} ne connaît pas le code {value} : il y a {codes}.',
  '{column} is longer than {most} characters, or holds some that are no text.':
    '{column} dépasse {most} caractères, ou en contient qui ne sont pas du texte.',
  "id_materiel '{value}' cannot stand in a topic: no /, + or #.":
    "L'id_materiel « {value} » ne peut figurer dans un sujet MQTT : ni /, ni +, ni #.",
  "{column} must name one topic, without + and #; it is '{value}'.":
    '{column} doit nommer un seul sujet MQTT, sans + ni # ; il vaut « {value} ».',
  'The device {id} stands in line {line} already.': "L'appareil {id} figure déjà à la ligne {line}.",
  "{column} is '{value}' here and '{other}' in line {line}, for the same appliance {appliance}.":
    '{column} vaut « {value} » ici et « {other} » à la ligne {line}, pour le même équipement {appliance}.',
  "The database has no schema '{name}' with ELFE's tables.": "La base de données n'a pas de schéma « {name} » avec les tables d'ELFE.",
  'Look at the name of the database, and at what its user may read.':
    'Vérifiez le nom de la base, et ce que son utilisateur a le droit de lire.',
  '{column} has the code {value}, which is not known.': '{column} porte le code {value}, qui est inconnu.',
  "Its id is none of ELFE's: one capital letter and one to four digits, such as A101.":
    "Son id n'est pas de la forme d'ELFE : une majuscule et un à quatre chiffres, par exemple A101.",
  'Its appliance {appliance} is not taken over.': "Son équipement {appliance} n'est pas repris.",
  'The device {id} belongs to appliance {appliance}, which is neither given nor known.':
    "L'appareil {id} appartient à l'équipement {appliance}, qui n'est ni donné ni connu.",
  '{id} is given twice.': '{id} est donné deux fois.',
  'What the table of its kind must hold of it is not known: make it there first.':
    "On ne sait pas ce que la table de son genre doit contenir : créez-l'y d'abord.",
  'The ids of its rows belong to another appliance there: it was taken over from another database.':
    "Les ids de ses lignes y appartiennent à un autre équipement : il vient d'une autre base.",
  'Its family wants topics for what it tells and what it is told; one of them is not known.':
    "Sa famille demande un sujet MQTT pour ce qu'il dit et un pour ce qu'on lui dit ; l'un d'eux n'est pas connu.",
}

/** What devices call their readings and say of themselves, as the templates that ship with the platform put it. */
export const WORDS: Readonly<Record<string, string>> = {
  state: 'état',
  control: 'commande',
  heartbeat: 'battement',
  energy: 'énergie',
  off: 'arrêté',
  standby: 'en veille',
  charging: 'en charge',
  discharging: 'en décharge',
  fault: 'en panne',
  disconnected: 'déconnecté',
  initializing: 'en démarrage',
  connected: 'connecté',
  'SoC protection': 'protection de la charge',
  suspending: 'en suspension',
  remote: 'à distance',
  'local control': 'commande sur place',
  sleeping: 'en sommeil',
  starting: 'en démarrage',
  producing: 'en production',
  throttled: 'bridé',
  'shutting down': 'en arrêt',
  // Why a token is not accepted (OCPP).
  Blocked: 'bloqué',
  ConcurrentTx: 'déjà utilisé ailleurs',
  Expired: 'expiré',
  Invalid: 'invalide',
  NoCredit: 'sans crédit',
  NotAllowedTypeEVSE: 'pas pour cette borne',
  NotAtThisLocation: 'pas ici',
  NotAtThisTime: 'pas à cette heure',
  Unknown: 'inconnu',
}

const AMOUNT = String.raw`-?\d+(?:\.\d+)? \S+?`
/** What stands in a slot, by its name: a whole sentence or a text of somebody else where nothing is said. */
const SHAPE: Readonly<Record<string, string>> = {
  time: String.raw`\d\d:\d\d`,
  power: AMOUNT,
  other: AMOUNT,
  step: AMOUNT,
  energy: AMOUNT,
  price: AMOUNT,
  share: AMOUNT,
  age: AMOUNT,
  count: String.raw`-?\d+`,
  slots: String.raw`\d+`,
  level: String.raw`\d+`,
  device: String.raw`[^\s:]+`,
  where: String.raw`\S+`,
}
/** Slots that hold a piece of ours, never a text of somebody else. */
const OURS = new Set(['cause', 'what', 'signal', 'request'])

interface Twin {
  pattern: RegExp
  french: string
}

/** The most telling template first: the one with the most text of its own. */
const twins: Twin[] = Object.entries(TWINS)
  .map(([english, french]) => ({ english, french, telling: english.replace(/\{\w+\}/g, '').length }))
  .sort((a, b) => b.telling - a.telling)
  .map(({ english, french }) => ({ pattern: patternOf(english), french: spaced(french) }))

function patternOf(template: string): RegExp {
  const parts = template.split(/\{(\w+)\}/)
  // A text of somebody else may be several sentences only where it ends the template.
  const free = (at: number) => (at === parts.length - 2 && parts.at(-1) === '' ? '.+' : '(?:(?![.!?] ).)+')
  const source = parts.map((part, at) =>
    at % 2 === 1 ? `(?<${part}>${SHAPE[part] ?? free(at)})` : part.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`),
  )
  return new RegExp(`^${source.join('')}$`, 's')
}

/** No-break spaces where French wants them. */
function spaced(french: string): string {
  return french.replace(/ ([:;!?»])/g, '\u00a0$1').replace(/« /g, '«\u00a0')
}

/**
 * What the platform said, in French: one sentence or several, each with its amounts written the French way. What is not ours (a reason that
 * somebody typed, a message of a device) comes back as it was.
 */
export function inFrench(text: string): string {
  const whole = twinOf(text)
  if (whole !== undefined) return whole
  const sentences = text.split(/(?<=[.!?]) (?=\S)/)
  return sentences.length === 1 ? text : sentences.map((sentence) => twinOf(sentence) ?? sentence).join(' ')
}

function twinOf(text: string): string | undefined {
  for (const { pattern, french } of twins) {
    const hit = pattern.exec(text)
    if (!hit) continue
    const slots = hit.groups ?? {}
    if (Object.entries(slots).some(([name, value]) => OURS.has(name) && twinOf(value) === undefined)) continue
    return french.replace(/\{(\w+)\}/g, (_, name: string) => filled(name, slots[name] ?? ''))
  }
  return undefined
}

/** Free slots may hold sentences again; words of devices have their own table; amounts get a decimal comma and hold on to their unit. */
function filled(name: string, value: string): string {
  if (SHAPE[name] === AMOUNT) return value.replace('.', ',').replace(' ', '\u00a0')
  if (name === 'reading' || name === 'status') return WORDS[value] ?? value
  return SHAPE[name] === undefined ? inFrench(value) : value
}
