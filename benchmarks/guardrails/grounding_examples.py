"""Answers about the sample handbook in other words than its own, and inventions that sound as if they stood there.

Written for this project. Each entry: the document, what it says in other words, and what it does not say.
"""

EXAMPLES: tuple[tuple[str, str, str], ...] = (
    (
        "leave/annual-leave.md",
        "Somebody who works full time gets 27 days off each year.",
        "Staff who smoke get less holiday than their colleagues.",
    ),
    (
        "leave/annual-leave.md",
        "After five years with the firm you are given one day more, and a second one after ten.",
        "Loyal workers are thanked with a gold watch and a dinner with the board.",
    ),
    (
        "leave/annual-leave.md",
        "The offices are shut between Christmas Eve and New Year, and nobody loses holiday for it.",
        "Over Christmas a skeleton crew answers the phones and is rewarded with a hamper.",
    ),
    (
        "leave/annual-leave.md",
        "Newcomers can take no more than six days off in their first three months.",
        "Newcomers have to pass a medical check before their first holiday.",
    ),
    (
        "leave/annual-leave.md",
        "If your boss does not react within three working days, your request counts as approved.",
        "If your boss does not react, the works council decides by drawing lots.",
    ),
    (
        "leave/annual-leave.md",
        "Mothers and fathers of pupils go first when two colleagues want the same week in the school holidays.",
        "Colleagues who want the same week have to swap shifts for a whole month.",
    ),
    (
        "leave/annual-leave.md",
        "Up to five unused days move into the next year and are lost after 31 March.",
        "Unused days are donated to a charity that the staff vote for every spring.",
    ),
    (
        "leave/annual-leave.md",
        "You can buy at most four more days, using form AL-3 in November.",
        "You can lend days to a friend in another department through the intranet market.",
    ),
    (
        "leave/annual-leave.md",
        "Were you ill on holiday? Tell us the same day and send a doctor's note, then you get the days credited.",
        "Were you ill on holiday? The travel insurer of the company then pays for a second trip.",
    ),
    (
        "leave/annual-leave.md",
        "You may go on an unpaid sabbatical of three months at most once you have been here four years.",
        "A sabbatical is paid at half the salary if it is used to learn a language.",
    ),
    (
        "leave/annual-leave.md",
        "For your own wedding you get three days off with pay.",
        "For a wedding the firm gives a voucher for flowers and a weekend in a spa.",
    ),
    (
        "leave/annual-leave.md",
        "Contractors are not paid while they are away and should warn their sponsor two weeks ahead.",
        "Contractors share the holiday budget of the team that hired them.",
    ),
    (
        "pay/expenses-and-travel.md",
        "Hand in your receipts within 14 days of buying something or coming home.",
        "Hand in your receipts in the blue box beside the canteen before lunch.",
    ),
    (
        "pay/expenses-and-travel.md",
        "Anything that costs over 500 euros must be agreed with your boss first.",
        "Anything expensive is auctioned to the staff at the end of the year.",
    ),
    (
        "pay/expenses-and-travel.md",
        "You go by train rather than plane if the ride is shorter than five hours.",
        "You may take your bicycle on the plane if the weather forecast is good.",
    ),
    (
        "pay/expenses-and-travel.md",
        "Nobody flies business, not even the directors.",
        "Directors fly in a private jet that is shared with a partner firm.",
    ),
    (
        "pay/expenses-and-travel.md",
        "In Lisbon you are given 62 euros a day, and a room may cost 140 euros.",
        "In Lisbon the firm owns a flat by the river where visitors sleep for free.",
    ),
    (
        "pay/expenses-and-travel.md",
        "Staying with relatives instead of in a hotel lets you claim 25 euros a night for a present.",
        "Staying with relatives is forbidden because of the fire insurance.",
    ),
    (
        "pay/expenses-and-travel.md",
        "Driving your own car earns you 0.42 euros a kilometre, a little more with passengers.",
        "Driving your own car requires a sticker with the logo on the rear window.",
    ),
    (
        "pay/expenses-and-travel.md",
        "You can only put drinks with alcohol on the bill when you dine with customers.",
        "Customers are served a glass of champagne that the marketing budget pays for.",
    ),
    (
        "pay/expenses-and-travel.md",
        "Land after eleven at night and you need not start before noon the next day.",
        "Land late at night and a driver in uniform waits for you with a sign.",
    ),
    (
        "work/working-hours.md",
        "A full week has 37 hours and the half-hour lunch is paid.",
        "A full week has a free afternoon for hobbies that the manager picks.",
    ),
    (
        "work/working-hours.md",
        "From Monday to Thursday everybody is around between 10:00 and 15:00; Fridays are free of that.",
        "Everybody wears formal clothes at the start of the week; Fridays are free of that.",
    ),
    (
        "work/working-hours.md",
        "Wednesday afternoons are kept clear of internal meetings so that people can concentrate.",
        "Wednesday afternoons are for the choir, which rehearses in the largest room.",
    ),
    (
        "work/working-hours.md",
        "There must be eleven hours of rest before you work again.",
        "There must be a doctor on the premises whenever anybody works at night.",
    ),
    (
        "work/working-hours.md",
        "Working on a Sunday or a holiday doubles your hourly pay, if it was approved before.",
        "Working on a Sunday earns a coupon for the swimming pool next door.",
    ),
    (
        "work/working-hours.md",
        "Managers are not paid for extra hours but get the same time off when they work at weekends.",
        "Managers collect their extra hours in a pension fund that grows with inflation.",
    ),
    (
        "work/working-hours.md",
        "Whoever is on call gets 320 euros for the week and has to react within 20 minutes.",
        "Whoever is on call sleeps in the server room on a camp bed.",
    ),
    (
        "work/working-hours.md",
        "Parents of a baby and interns are left out of the on-call plan.",
        "Parents of a baby get a nanny on the days on which they are on call.",
    ),
    (
        "work/working-hours.md",
        "To go part time, hand in form WH-2 eight weeks ahead; a refusal needs reasons in writing.",
        "To go part time, find a twin who takes the other half of your desk and salary.",
    ),
)
